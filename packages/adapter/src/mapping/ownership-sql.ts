import { quoteIdentifier, quoteTable } from '../database/index.js';
import type { ColumnMapping, EntityMapping, PartMapping } from './entity-mapping.js';

/**
 * Where the rows of a table are read from: the table, or in a trigger what the table was before. A condition is given to
 * it rather than put behind it, because PostgreSQL doesn't take a semi-join into a union, past which are the indexes.
 */
export type RowSource = (mapping: EntityMapping, where?: (alias: string) => string) => string;

export const tableOf: RowSource = ({ table, source = quoteTable(table) }, where) =>
  where ? `(select t.* from ${source} t where ${where('t')})` : source;

/** The key of the root of the row behind `alias`, by column: null where a parent is missing. */
export function rootKeySql(mapping: EntityMapping, alias: string, rowsOf: RowSource, depth = 0): string[] {
  const { part, key } = mapping;
  if (!part) return key.map(({ column }) => `${alias}.${quoteIdentifier(column)}`);
  const direct = directRootKeySql(mapping as PartMapping, alias);
  if (direct) return direct;
  const up = `backstory_up_${depth}`;
  const joined = part.columns.map(
    (column, index) =>
      `${up}.${quoteIdentifier(part.referenced[index] as string)} = ${alias}.${quoteIdentifier(column)}`,
  );
  return rootKeySql(part.parent, up, rowsOf, depth + 1).map(
    (value) => `(select ${value} from ${rowsOf(part.parent)} ${up} where ${joined.join(' and ')})`,
  );
}

/**
 * A condition for the rows behind `alias` that belong to some roots, which `ofRoot` tells by their key. From the root
 * downwards, so that the indexes of the foreign keys serve it.
 */
export function belongsToSql(
  mapping: EntityMapping,
  alias: string,
  ofRoot: (key: readonly string[]) => string,
  rowsOf: RowSource = tableOf,
  depth = 0,
): string {
  const { part, key } = mapping;
  if (!part) return ofRoot(key.map(({ column }) => `${alias}.${quoteIdentifier(column)}`));
  const direct = directRootKeySql(mapping as PartMapping, alias);
  if (direct) return ofRoot(direct);
  const up = `backstory_up_${depth}`;
  const columns = part.columns.map((column) => `${alias}.${quoteIdentifier(column)}`);
  const referenced = part.referenced.map((column) => `${up}.${quoteIdentifier(column)}`);
  return (
    `(${columns.join(', ')}) in (select ${referenced.join(', ')} from ` +
    `${rowsOf(part.parent, (row) => belongsToSql(part.parent, row, ofRoot, rowsOf, depth + 1))} ${up})`
  );
}

/** The columns of the foreign key to the root, in the order of its key; undefined where there is another part between. */
export function rootKeyColumns({ part, columns }: PartMapping): ColumnMapping[] | undefined {
  if (part.parent.part) return undefined;
  return part.root.key.map((key) => {
    const name = part.columns[part.referenced.indexOf(key.column)];
    return columns.find(({ column }) => column === name) as ColumnMapping;
  });
}

function directRootKeySql(mapping: PartMapping, alias: string): string[] | undefined {
  return rootKeyColumns(mapping)?.map(({ column, typeOid }, index) => {
    const key = mapping.part.root.key[index] as ColumnMapping;
    const value = `${alias}.${quoteIdentifier(column)}`;
    // its text is the root's: char(n) prints another than text
    return typeOid === key.typeOid ? value : `cast(${value} as ${key.sqlType})`;
  });
}
