import type { EntityMetadata } from 'typeorm';
import type { EntityMapping } from '../mapping/index.js';
import type { PersistedValues } from './persisted-values.js';

/** A row of an aggregate, as it stands among the instances. */
export interface AggregateRow {
  readonly mapping: EntityMapping;
  readonly metadata: EntityMetadata;
  readonly entity: object;
  /** Among all rows of the aggregate; empty for the root. */
  readonly place: string;
  /** Among the rows of its table; undefined where it isn't there yet. */
  readonly id: string | undefined;
  readonly parent: AggregateRow | undefined;
  /** What it would be written with, but for what says whose part it is, and the key of one that is there. Of a join table, what the entity behind it has. */
  readonly values: PersistedValues;
  readonly isJoin: boolean;
}

/** By their places. */
export type AggregateRows = ReadonlyMap<string, AggregateRow>;

/** As errors call it: `"lines[7]"`. */
export function partInWords({ mapping: { part }, id }: AggregateRow): string {
  return `"${part?.path}[${id ?? 'new'}]"`;
}
