import type { Lease } from '../../outbox/index.js';
import { generationTable, type ProjectionDefinition } from '../projection-definition.js';
import type { TargetDatabase } from './target-database.js';

/** One generation of a projection that lives in another database. */
export interface GenerationElsewhere {
  readonly target: TargetDatabase;
  readonly definition: ProjectionDefinition;
  readonly generation: number;
}

/** The tables that its handlers write to, quoted as the target does. */
export function tablesElsewhere({
  target,
  definition: { tables = [] },
  generation,
}: GenerationElsewhere): Record<string, string> {
  return Object.fromEntries(tables.map((table) => [table, target.quote(generationTable(table, generation))]));
}

/** What names the row of one partition in the target's tables. */
export function rowOf(
  { definition, generation }: GenerationElsewhere,
  { partition }: Pick<Lease, 'partition'>,
): readonly [name: string, generation: number, partition: number] {
  return [definition.name, generation, partition];
}

/** The condition on it, with its values as parameters. */
export const isRow = 'projection = ? and generation = ? and partition_no = ?';
