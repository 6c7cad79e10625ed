import { DataSource } from 'typeorm';
import { Account, Letter } from '../outbox/ledger.js';

/** What commands are run on. */
export default new DataSource({
  type: 'postgres',
  url: process.env['LEDGER_URL'] as string,
  entities: [Account, Letter],
});
