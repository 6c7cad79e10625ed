import { DataSource } from 'typeorm';
import { Customer, Purchase, PurchaseLine } from '../erasure/people.js';

export default new DataSource({
  type: 'postgres',
  url: process.env['KEYS_URL'] ?? '',
  entities: [Customer, Purchase, PurchaseLine],
});
