import { DataSource } from 'typeorm';
import { entities } from './documented-entities.js';

/** What `--data-source dist/data-source.js` means on a page. */
export default new DataSource({ type: 'postgres', url: process.env['DOCUMENTED_SHOP_URL'] ?? '', entities });
