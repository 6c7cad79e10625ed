import { pinnedSettings, quoteIdentifier, quoteLiteral } from '../database/index.js';
import type { ColumnMapping, EntityMapping } from './entity-mapping.js';

/** Functions take at most 100 arguments; a pair is two. */
const pairsPerCall = 50;

/** Only the settings that the mapped columns depend on, as clauses of CREATE FUNCTION: each costs a little at every call. */
export function pinnedSettingsOf(mapping: EntityMapping): string {
  const kinds = new Set(mapping.columns.map((column) => column.kind));
  const settings = kinds.has('text')
    ? pinnedSettings
    : [
        ...(kinds.has('datetime') ? ["timezone = 'UTC'"] : []),
        ...(kinds.has('number') ? ['extra_float_digits = 1'] : []),
      ];
  return ['search_path = pg_catalog, pg_temp', ...settings].map((setting) => `set ${setting}`).join(' ');
}

/** The stream id of the row behind `alias`; see `streamId` for the form. */
export function streamIdSql(mapping: EntityMapping, alias: string): string {
  const parts = mapping.key.map((key) => keyText(key, alias));
  if (parts.length === 1) return `(${parts[0]} collate "C")`;
  const escaped = parts.map((part) => `replace(replace(${part}, '%', '%25'), ':', '%3A')`);
  return `((${escaped.join(` || ':' || `)}) collate "C")`;
}

/** The full state of the row behind `alias` as jsonb. */
export function stateSql(mapping: EntityMapping, alias: string): string {
  const calls: string[] = [];
  for (let start = 0; start < mapping.columns.length; start += pairsPerCall) {
    const pairs = mapping.columns
      .slice(start, start + pairsPerCall)
      .map((column) => `${quoteLiteral(column.property)}, ${valueSql(column, alias)}`);
    calls.push(`jsonb_build_object(${pairs.join(', ')})`);
  }
  return calls.length === 1 ? (calls[0] as string) : `(${calls.join(' || ')})`;
}

/** What changed from `before` to `after`, as jsonb: built as text, which is parsed once. `{}` when nothing did. */
export function patchSql(mapping: EntityMapping, before: string, after: string): string {
  const calls: string[] = [];
  for (let start = 0; start < mapping.columns.length; start += pairsPerCall) {
    const members = mapping.columns
      .slice(start, start + pairsPerCall)
      .map(
        (column) =>
          `case when ${isDistinctSql(column, before, after)} then ` +
          `${quoteLiteral(`${JSON.stringify(column.property)}:`)} || ${jsonTextSql(column, after)} end`,
      );
    calls.push(`nullif(concat_ws(',', ${members.join(', ')}), '')`);
  }
  return `('{' || concat_ws(',', ${calls.join(', ')}) || '}')::jsonb`;
}

function valueSql(column: ColumnMapping, alias: string): string {
  const value = `${alias}.${quoteIdentifier(column.column)}`;
  return column.kind === 'text' ? `${value}::text` : value;
}

function jsonTextSql(column: ColumnMapping, alias: string): string {
  return `coalesce(to_json(${valueSql(column, alias)})::text, 'null')`;
}

/** Whether a column differs between two rows, also where its own equality hides it. */
export function isDistinctSql(column: ColumnMapping, before: string, after: string): string {
  const name = quoteIdentifier(column.column);
  const cast = column.exactEquality ? '' : '::text collate "C"';
  return `${before}.${name}${cast} is distinct from ${after}.${name}${cast}`;
}

function keyText(key: ColumnMapping, alias: string): string {
  const value = valueSql(key, alias);
  // the JSON form of a date doesn't depend on DateStyle
  if (key.kind === 'datetime') return `(to_json(${value}) #>> '{}')`;
  return key.kind === 'text' ? `(${value})` : `(${value}::text)`;
}
