import { DataSource } from 'typeorm';
import { lines, notes, orders } from './orders.js';

export default new DataSource({
  type: 'postgres',
  url: process.env['URL_OF_ORDERS'] ?? '',
  entities: [orders, lines, notes],
});
