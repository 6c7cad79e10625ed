import { pinnedSettings, quoteIdentifier, quoteLiteral } from '../database/index.js';
import type { ColumnMapping, EntityMapping } from './entity-mapping.js';

/** Functions take at most 100 arguments; a pair is two. */
const pairsPerCall = 50;

const timestamptz = 1184;

/** Only the settings that the mapped columns depend on, as clauses of CREATE FUNCTION: each costs a little at every call. */
export function pinnedSettingsOf(mapping: EntityMapping): string {
  const kinds = new Set(mapping.columns.map((column) => column.kind));
  const settings = kinds.has('text')
    ? pinnedSettings
    : [
        ...(kinds.has('datetime') ? ["timezone = 'UTC'"] : []),
        ...(kinds.has('float4') || kinds.has('float8') ? ['extra_float_digits = 1'] : []),
      ];
  return ['search_path = pg_catalog, pg_temp', 'jit = off', ...settings]
    .map((setting) => `set ${setting}`)
    .join(' ');
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
      .map((column) => `${quoteLiteral(column.property)}, ${jsonbSql(column, alias)}`);
    calls.push(`jsonb_build_object(${pairs.join(', ')})`);
  }
  return calls.length === 1 ? (calls[0] as string) : `(${calls.join(' || ')})`;
}

/**
 * What changed from `before` to `after`, as jsonb: built as text, which is parsed once. `{}` when nothing did.
 * With `later`, properties are left out that were changed again since (`row` is the row as it is by now) and whose later
 * change is recorded already (`data` has it).
 */
export function patchSql(
  mapping: EntityMapping,
  before: string,
  after: string,
  later?: { row: string; data: string },
): string {
  const calls: string[] = [];
  for (let start = 0; start < mapping.columns.length; start += pairsPerCall) {
    const members = mapping.columns
      .slice(start, start + pairsPerCall)
      .map(
        (column) =>
          `case when ${isDistinctSql(column, before, after)} ` +
          `${later ? `and not (${later.data} ? ${quoteLiteral(column.property)} and ${isDistinctSql(column, after, later.row)}) ` : ''}then ` +
          `${quoteLiteral(`${JSON.stringify(column.property)}:`)} || ${jsonTextSql(column, after)} end`,
      );
    calls.push(`nullif(concat_ws(',', ${members.join(', ')}), '')`);
  }
  return `('{' || concat_ws(',', ${calls.join(', ')}) || '}')::jsonb`;
}

/** What jsonb_build_object and to_json turn into the value's form in events. */
function valueSql(column: ColumnMapping, alias: string): string {
  const value = `${alias}.${quoteIdentifier(column.column)}`;
  if (column.kind === 'decimal') return `${value}::text`;
  return column.kind === 'text' ? printedSql(column, alias) : value;
}

/** A cast to text isn't always what PostgreSQL prints: it cuts a char(n) and lengthens an inet. */
function printedSql({ column, outputFunction }: ColumnMapping, alias: string): string {
  return `textin(${outputFunction}(${alias}.${quoteIdentifier(column)}))`;
}

/** A number in jsonb has no negative zero. */
function isNegativeZeroSql({ kind, column }: ColumnMapping, alias: string): string | undefined {
  if (kind !== 'float4' && kind !== 'float8') return undefined;
  const value = `${alias}.${quoteIdentifier(column)}`;
  return `${value} = 0 and ${value}::text = '-0'`;
}

function jsonbSql(column: ColumnMapping, alias: string): string {
  const negativeZero = isNegativeZeroSql(column, alias);
  const value = valueSql(column, alias);
  return negativeZero ? `case when ${negativeZero} then '"-0"'::jsonb else to_jsonb(${value}) end` : value;
}

function jsonTextSql(column: ColumnMapping, alias: string): string {
  const negativeZero = isNegativeZeroSql(column, alias);
  const text = `coalesce(to_json(${valueSql(column, alias)})::text, 'null')`;
  return negativeZero ? `case when ${negativeZero} then '"-0"' else ${text} end` : text;
}

/** Whether a column differs between two rows: by bytes where the type's own equality hides something. */
export function isDistinctSql(column: ColumnMapping, before: string, after: string): string {
  const name = quoteIdentifier(column.column);
  return column.exactEquality
    ? `${before}.${name} is distinct from ${after}.${name}`
    : `record_image_ne(row(${before}.${name}), row(${after}.${name}))`;
}

function keyText(key: ColumnMapping, alias: string): string {
  const value = `${alias}.${quoteIdentifier(key.column)}`;
  // Entity queries select it, too: in any TimeZone, and where TypeORM would take "::text" for its parameter "text".
  if (key.typeOid === timestamptz)
    return `(case when isfinite(${value}) then regexp_replace(to_json(timezone('UTC', ${value})) #>> '{}', '( BC)?$', '+00:00\\1') else cast(${value} as text) end)`;
  if (key.kind === 'datetime') return `(to_json(${value}) #>> '{}')`;
  return key.kind === 'text' || key.kind === 'string' ? printedSql(key, alias) : `cast(${value} as text)`;
}
