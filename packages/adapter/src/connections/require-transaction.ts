import type { DataSource, EntityManager } from 'typeorm';
import { type BackstoryError, InvalidOptionsError } from '../errors.js';
import { poolOf } from './pg-pool.js';

/** @throws `outside()` for a manager without an open transaction; InvalidOptionsError for one of another DataSource */
export function requireTransaction(
  manager: EntityManager,
  dataSource: DataSource,
  outside: () => BackstoryError,
): void {
  if (!manager.queryRunner?.isTransactionActive) throw outside();
  if (poolOf(dataSourceOf(manager)) !== poolOf(dataSource))
    throw new InvalidOptionsError(
      'This manager belongs to another DataSource than the history.',
      'Pass a manager of the DataSource that createBackstory() was given.',
    );
}

/** Under the name that it has in TypeORM 1, or before. */
function dataSourceOf(manager: EntityManager): DataSource {
  return (manager as EntityManager & { dataSource?: DataSource }).dataSource ?? manager.connection;
}
