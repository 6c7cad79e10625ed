import type { DataSource } from 'typeorm';
import { BackstoryError, InvalidOptionsError } from '../errors.js';

/** The DataSource among the exports of `file`, or the one that a promise among them gives. */
export async function findDataSource(exports: Record<string, unknown>, file: string): Promise<DataSource> {
  const found = Object.values(exports).find(isDataSource);
  if (found) return found;
  for (const candidate of Object.values(exports)) {
    if (!(candidate instanceof Promise)) continue;
    const awaited: unknown = await candidate;
    if (isDataSource(awaited)) return awaited;
  }
  throw new InvalidOptionsError(
    `${file} exports no TypeORM DataSource.`,
    'Export one: "export default new DataSource({ … })", as the TypeORM command line wants it.',
  );
}

/** Connects, with an error in words where that fails. */
export async function initialize(dataSource: DataSource): Promise<void> {
  try {
    await dataSource.initialize();
  } catch (error) {
    const { code, message } = error as Error & { code?: string };
    const connection = ['ECONNREFUSED', 'ENOTFOUND', 'ETIMEDOUT', '28P01', '28000', '3D000', '57P03'];
    if (!connection.includes(code ?? '')) throw error;
    throw new BackstoryError(
      'DATABASE_UNREACHABLE',
      `No connection to the database: ${message || code}.`,
      'Check that the server is running and that host, port, user and password of the DataSource are right.',
      { cause: error },
    );
  }
}

export function isDataSource(candidate: unknown): candidate is DataSource {
  const { initialize, entityMetadatas, options } = (candidate ?? {}) as Partial<DataSource>;
  return typeof initialize === 'function' && Array.isArray(entityMetadatas) && typeof options === 'object';
}
