import { quoteTable, type SqlExecutor } from '../database/index.js';
import type { Drift, DriftKind } from '../drift/index.js';
import {
  type ColumnMapping,
  type EntityMapping,
  type PartMapping,
  rowIdSql,
  rowsOfStreamsSql,
  stateSql,
} from '../mapping/index.js';
import { correctRows, type WantedStates } from '../verify/index.js';
import { takeBackParts } from './take-back-parts.js';
import type { Bookkeeping } from './bookkeeping.js';
import { asRecords, recordsSql, type VersionStates } from './version-states.js';

/** How one table is made what it was: compared with the states of a version, and written. */
export class TableRestore {
  /** Of the columns that the version tells. */
  private readonly told: EntityMapping;
  private readonly records: string;

  constructor(
    private readonly mapping: EntityMapping,
    private readonly streamId: string,
    states: VersionStates,
    private readonly bookkeeping: Bookkeeping,
  ) {
    const names = new Set([...states.values()].flatMap((state) => Object.keys(JSON.parse(state) as object)));
    const isKey = (column: ColumnMapping): boolean =>
      mapping.key.includes(column) || (mapping.part?.columns.includes(column.column) ?? false);
    const columns = mapping.columns.filter((column) => names.has(column.property) || isKey(column));
    // where nothing is to be there, nothing is to be told
    this.told = { ...mapping, columns: states.size === 0 ? mapping.columns : columns };
    this.records = asRecords(streamId, states);
  }

  get table(): EntityMapping {
    return this.mapping;
  }

  /** Properties that stay as they are. */
  get notTold(): string[] {
    const { columns, excluded, withheld } = this.mapping;
    const others = columns.filter((column) => !this.told.columns.includes(column));
    return [...new Set([...excluded, ...withheld, ...others.map(({ property }) => property)])];
  }

  /** What differs, each value as it is in the row, and as it was. What goes on by itself is no difference. */
  async differences(sql: SqlExecutor): Promise<Drift[]> {
    const { mapping, told, streamId } = this;
    const compared = told.columns.filter(
      (column) => !column.generated && this.bookkeeping.goingOn(column, '') === undefined,
    );
    const rows = await sql.execute<{
      row_id: string;
      kind: DriftKind;
      properties: Record<string, { row?: unknown; replay?: unknown }> | null;
    }>(
      `select row_id, kind, properties from (
         select row_id, case when s.state is null then 'missing event' when r.row is null then 'missing row' else 'value' end as kind, (
           select jsonb_object_agg(p, jsonb_build_object('row', r.row -> p, 'replay', s.state -> p)) from unnest($3::text[]) p
           where (r.row -> p)::text is distinct from coalesce((s.state -> p)::text, case when s.state is not null then 'null' end)) as properties
         from (select ${rowIdSql(told, 't')} as row_id, (${stateSql(told, 't')})::jsonb as row
               from ${quoteTable(told.table)} t where ${rowsOfStreamsSql(told, 't', '$1')}) r
         full join ${recordsSql('$2')} using (row_id)) d
       where kind <> 'value' or properties is not null order by row_id`,
      [[streamId], this.records, compared.map(({ property }) => property)],
    );
    return rows.map(({ row_id, kind, properties }) => ({
      category: mapping.category,
      streamId,
      ...(mapping.part && { part: { path: mapping.part.path, id: row_id } }),
      kind,
      properties: (properties ?? {}) as Drift['properties'],
    }));
  }

  /** Writes the differences of one kind. */
  async write(
    sql: SqlExecutor,
    schema: string,
    differences: readonly Drift[],
    metadata: object,
    kind: DriftKind,
  ): Promise<void> {
    const found = differences.filter((difference) => difference.kind === kind);
    if (found.length === 0) return;
    const left = kind === 'missing row' ? await this.takeBack(sql, found, metadata) : found;
    const states: WantedStates = {
      sql: `select s.stream_id, s.row_id, ${this.bookkeeping.ofInserted('s.state', 's')} as state
            from ${recordsSql('$3')} where s.stream_id = any ($1::text[])`,
      values: [this.records],
      goingOn: this.bookkeeping.goingOn,
    };
    await correctRows(sql, schema, this.told, left, metadata, states);
  }

  /** Parts that are there, but without an owner by now, come back by an update. @returns those that aren't there */
  private async takeBack(
    sql: SqlExecutor,
    missing: readonly Drift[],
    metadata: object,
  ): Promise<readonly Drift[]> {
    const { part } = this.mapping;
    if (!part) return missing;
    const ids = missing.flatMap((difference) => difference.part?.id ?? []);
    const taken = await takeBackParts(sql, this.told as PartMapping, this.bookkeeping, {
      ids,
      records: this.records,
      metadata,
    });
    return missing.filter((difference) => !taken.has(difference.part?.id ?? ''));
  }
}
