import { DataSource } from 'typeorm';
import { Customer, Order } from './shop.js';

/** What the shop's data-source file exports for the command line. */
export default new DataSource({
  type: 'postgres',
  url: process.env['SHOP_URL'] as string,
  entities: [Customer, Order],
});
