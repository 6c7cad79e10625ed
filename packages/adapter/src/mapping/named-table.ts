import type { EntityMapping } from './entity-mapping.js';

/** A table as the application calls it: of an aggregate, or with its path of a part of one. */
export interface NamedTable {
  readonly category: string;
  /** '' for the aggregate's own table. */
  readonly part: string;
  readonly entity: string;
  readonly schema: string;
  readonly name: string;
}

/** The tables of aggregates and of their parts. */
export function namedTables(roots: readonly EntityMapping[]): NamedTable[] {
  return roots
    .flatMap((root) => [root, ...root.parts])
    .map(({ category, part, entity, table: { schema, name } }) => ({
      category,
      part: part?.path ?? '',
      entity,
      schema,
      name,
    }));
}
