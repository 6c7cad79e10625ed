import { DataSource } from 'typeorm';
import { details, lines, memos, notes, orders } from './tenants.js';

export default new DataSource({
  type: 'postgres',
  url: process.env['URL_OF_TENANTS'] ?? '',
  entities: [orders, lines, details, notes, memos],
});
