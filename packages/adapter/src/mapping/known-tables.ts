import type { EntityMapping } from './entity-mapping.js';

/** The tables of an aggregate by their part; that of the root has none. */
export function knownTables(root: EntityMapping): { readonly part: string; readonly oid: number }[] {
  return [root, ...root.parts].map(({ part, table }) => ({ part: part?.path ?? '', oid: table.oid }));
}
