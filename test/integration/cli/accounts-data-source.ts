import { DataSource } from 'typeorm';
import { accountEntities } from './made-for-proposals.js';

/** What an application's data-source file exports for the command line. */
export default new DataSource({
  type: 'postgres',
  url: process.env['ACCOUNTS_URL'] as string,
  entities: accountEntities,
});
