import type { DataSource } from 'typeorm';
import { type Proposal, propose } from '../proposal/index.js';
import { describeEntities, requireSomeTable } from '../entities/index.js';
import { poolDatabase, poolOf } from '../connections/index.js';

/**
 * Looks at an application's entities and proposes how they are captured, with reasons. Changes nothing.
 * @throws InvalidOptionsError for a DataSource without entities
 * @throws BackstoryError MISSING_TABLE where none of them has a table: of an empty or another database there is nothing to propose
 */
export async function proposeConfiguration(dataSource: DataSource): Promise<Proposal> {
  const database = poolDatabase(poolOf(dataSource));
  await requireSomeTable(dataSource, database);
  return propose(await describeEntities(dataSource, database));
}
