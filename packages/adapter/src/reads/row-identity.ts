import type { EntityMetadata } from 'typeorm';
import { quoteIdentifier } from '../database/index.js';
import { streamId as joined } from '../event/index.js';
import {
  type ColumnMapping,
  type EntityMapping,
  isReadableKey,
  keyText,
  type PartMapping,
  rootKeyColumns,
  rowIdSql,
  type RowSource,
  streamIdSql,
} from '../mapping/index.js';

type RawResult = Readonly<Record<string, unknown>>;

/** A column that a query selects, as TypeORM's query builder notes it. */
export interface Select {
  readonly selection: string;
  readonly aliasName?: string;
}

/** One entity in a query, under its alias. */
export interface Alias {
  readonly name: string;
  readonly hasMetadata: boolean;
  readonly metadata: EntityMetadata;
}

/** Which stream a row in a query's raw result is of, and for a part of an aggregate, which row of it. */
export class RowIdentity {
  /** What the ids are called in the raw result, where they are asked for. */
  readonly names: readonly [stream: string, row: string, table: string];
  private readonly streamColumns: readonly ColumnMapping[] | undefined;

  constructor(
    private readonly mapping: EntityMapping,
    private readonly alias: Alias,
    index: number,
    /** Oids of the tables whose rows may be replayed. */
    private readonly tables: ReadonlySet<number>,
  ) {
    this.names = [`backstory_stream_id_${index}`, `backstory_row_id_${index}`, RowIdentity.tableName(index)];
    this.streamColumns = readable(mapping.part ? rootKey(mapping as PartMapping) : mapping.key);
  }

  /** What the oid of the table that a row is in is called in the raw result. */
  static tableName(index: number): string {
    return `backstory_table_${index}`;
  }

  /**
   * What to add to the query: which table a row is in, and the ids that JavaScript can't make of what it selects: of a Date it
   * can't, a Date has no microseconds, nor of an expression under the key's name. Nothing where the query doesn't select the
   * key, so that DISTINCT and GROUP BY mean the same as before. `columns` as in `of`; `rowsOf`
   where the rows of the tables above a part are.
   */
  selects(selects: readonly Select[], columns: ReadonlyMap<string, string>, rowsOf?: RowSource): Select[] {
    const { name, metadata } = this.alias;
    const selected = new Set(selects.map(({ selection }) => selection));
    const all = selected.has(name);
    const has = ({ propertyPath }: { propertyPath: string }): boolean =>
      selected.has(`${name}.${propertyPath}`);
    // of an entity that is selected in part TypeORM selects the key by itself
    if (!all && !metadata.columns.some(has)) return [];
    const alias = quoteIdentifier(name);
    const { part, key } = this.mapping;
    const [aliasName, rowName, tableName] = this.names;
    const wanted: Select[] = [{ selection: `${alias}.tableoid`, aliasName: tableName }];
    if (!all && !metadata.primaryColumns.every(has)) return wanted;
    const isKnown = (key: readonly ColumnMapping[] | undefined): boolean =>
      key?.every(({ column }) => columns.has(column)) ?? false;
    if (!isKnown(this.streamColumns))
      wanted.push({ selection: streamIdSql(this.mapping, alias, rowsOf), aliasName });
    if (part && !isKnown(readable(key)))
      wanted.push({ selection: rowIdSql(this.mapping, alias), aliasName: rowName });
    return wanted;
  }

  /**
   * The ids of a row, where `columns` says how its columns are called. Undefined where they can't be known: an outer join
   * found nothing, the query doesn't select the key, or pg's parser has lost a part of it. And where the row is in another
   * table than those whose streams may be read.
   */
  of(row: RawResult, columns: ReadonlyMap<string, string>): { streamId: string; rowId: string } | undefined {
    const [streamName, rowName, tableName] = this.names;
    const { part, key } = this.mapping;
    if (!this.tables.has(Number(row[tableName]))) return undefined;
    const streamId = asked(row[streamName]) ?? idOf(this.streamColumns, row, columns);
    if (streamId === undefined) return undefined;
    const rowId = part ? (asked(row[rowName]) ?? idOf(readable(key), row, columns)) : streamId;
    return rowId === undefined ? undefined : { streamId, rowId };
  }
}

/** The foreign key's columns, if their text is that of the root's key. */
function rootKey(mapping: PartMapping): readonly ColumnMapping[] | undefined {
  const columns = rootKeyColumns(mapping);
  const { key } = mapping.part.root;
  return columns?.every(({ typeOid }, index) => typeOid === key[index]?.typeOid) ? columns : undefined;
}

function readable(columns: readonly ColumnMapping[] | undefined): readonly ColumnMapping[] | undefined {
  return columns?.every(isReadableKey) ? columns : undefined;
}

function asked(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined;
}

function idOf(
  columns: readonly ColumnMapping[] | undefined,
  row: RawResult,
  names: ReadonlyMap<string, string>,
): string | undefined {
  const parts = columns?.map((column) => keyText(column, row[names.get(column.column) ?? '']));
  return parts?.every((part) => part !== undefined) ? joined(parts) : undefined;
}
