import type { DataSource } from 'typeorm';
import { sqlState } from '../database/index.js';
import { type AggregateSelection, storedAggregates } from '../mapping/index.js';
import { poolDatabase, poolOf } from '../connections/index.js';

/**
 * Which aggregates the application has named when it was last installed, of the entities that it has: others were left
 * behind by a release, or are of another service. Undefined before the first install of any of its own.
 */
export async function storedSelection(
  dataSource: DataSource,
  schema = 'backstory',
): Promise<AggregateSelection | undefined> {
  try {
    const aggregates = await storedAggregates(poolDatabase(poolOf(dataSource)), schema);
    const names = new Set(dataSource.entityMetadatas.map(({ name }) => name));
    const own = aggregates.filter(({ entity }) => typeof entity === 'string' && names.has(entity));
    return own.length > 0 ? { aggregates: own } : undefined;
  } catch (error) {
    const nothingInstalled = sqlState(error) === '42P01' || sqlState(error) === '3F000';
    if (nothingInstalled) return undefined;
    throw error;
  }
}
