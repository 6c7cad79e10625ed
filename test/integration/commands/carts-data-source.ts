import { DataSource } from 'typeorm';
import { cartEntities } from './carts.js';

/** What the data-source file of the carts exports for the command line. */
export default new DataSource({
  type: 'postgres',
  url: process.env['CARTS_URL'] as string,
  entities: cartEntities,
});
