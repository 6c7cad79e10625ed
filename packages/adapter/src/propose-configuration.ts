import type { DataSource } from 'typeorm';
import { type Proposal, propose } from './proposal/index.js';
import { describeEntities, poolDatabase, poolOf } from './typeorm/index.js';

/** Looks at an application's entities and proposes how they are captured, with reasons. Changes nothing. */
export async function proposeConfiguration(dataSource: DataSource): Promise<Proposal> {
  return propose(await describeEntities(dataSource, poolDatabase(poolOf(dataSource))));
}
