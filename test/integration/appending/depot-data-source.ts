import { DataSource } from 'typeorm';
import { depotEntities } from './parcels.js';

export const dataSource = new DataSource({
  type: 'postgres',
  url: process.env['DEPOT_URL'] as string,
  entities: depotEntities,
});
