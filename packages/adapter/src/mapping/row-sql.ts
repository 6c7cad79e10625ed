import { pinnedSettings, quoteIdentifier, quoteLiteral } from '../database/index.js';
import type { ColumnMapping, EntityMapping } from './entity-mapping.js';

/** Functions take at most 100 arguments. */
const membersPerCall = 100;

/** PostgreSQL cuts longer names off. */
const longestName = 63;

/** Only the settings that the columns of the aggregate depend on, as clauses of CREATE FUNCTION: each costs a little at every call. */
export function pinnedSettingsOf(mapping: EntityMapping): string {
  const root = mapping.part?.root ?? mapping;
  const tables = root.parts.length > 0 ? [root, ...root.parts] : [mapping];
  const kinds = new Set(tables.flatMap(({ columns }) => columns).map(({ kind }) => kind));
  const settings = kinds.has('text')
    ? pinnedSettings
    : [
        ...(kinds.has('datetime') ? ["timezone = 'UTC'"] : []),
        ...(kinds.has('float4') || kinds.has('float8') ? ['extra_float_digits = 1'] : []),
      ];
  // A plan that a session has made while there were few events reads them all, for as long as it is kept.
  const planning = ['jit = off', 'enable_seqscan = off'];
  return ['search_path = pg_catalog, pg_temp', ...planning, ...settings]
    .map((setting) => `set ${setting}`)
    .join(' ');
}

/** The full state of the row behind `alias` as json: as a row, which PostgreSQL prints faster than what is put together. */
export function stateSql(mapping: EntityMapping, alias: string): string {
  const { columns } = mapping;
  if (columns.some(hasLongName)) {
    const members = columns.map((column) => `${memberNameSql(column)} || ${jsonTextSql(column, alias)}`);
    return `('{' || ${joinedSql(members)} || '}')::json`;
  }
  return `(select row_to_json(s.*) from (${namedValuesSql(mapping, alias)}) s)`;
}

/** As {@link stateSql}, in two pieces: the planner doesn't spread a query with a subquery for each row over several workers. */
export function stateOfRowsSql(mapping: EntityMapping, alias: string): { join: string; state: string } {
  const { columns } = mapping;
  if (columns.some(hasLongName)) return { join: '', state: stateSql(mapping, alias) };
  return {
    join: `cross join lateral (${namedValuesSql(mapping, alias)}) backstory_state`,
    state: 'row_to_json(backstory_state.*)',
  };
}

function hasLongName({ property }: ColumnMapping): boolean {
  return Buffer.byteLength(property) > longestName;
}

function namedValuesSql({ columns }: EntityMapping, alias: string): string {
  return `select ${columns.map((column) => `${jsonSql(column, alias)} as ${quoteIdentifier(column.property)}`).join(', ')}`;
}

/**
 * What changed from `before` to `after`, as the text of a JSON object. `{}` when nothing did.
 * With `later`, the values are those of `row`, the row as it is by now; left out are properties that were changed again since
 * and whose later change is recorded already (`data` has it).
 */
export function patchSql(
  mapping: EntityMapping,
  before: string,
  after: string,
  later?: { row: string; data: string },
): string {
  const members = mapping.columns.map(
    (column) =>
      `case when ${isDistinctSql(column, before, after)} ` +
      `${later ? `and not (${later.data} ? ${quoteLiteral(column.property)} and ${isDistinctSql(column, after, later.row)}) ` : ''}then ` +
      `${memberNameSql(column)} || ${jsonTextSql(column, later?.row ?? after)} end`,
  );
  return `('{' || ${joinedSql(members)} || '}')`;
}

function memberNameSql({ property }: ColumnMapping): string {
  return quoteLiteral(`${JSON.stringify(property)}:`);
}

function joinedSql(members: readonly string[]): string {
  const calls: string[] = [];
  for (let start = 0; start < members.length; start += membersPerCall - 1) {
    calls.push(`concat_ws(',', ${members.slice(start, start + membersPerCall - 1).join(', ')})`);
  }
  const [only, ...others] = calls;
  return others.length === 0
    ? `${only}`
    : `concat_ws(',', ${calls.map((call) => `nullif(${call}, '')`).join(', ')})`;
}

/** What to_json turns into the value's form in events. */
function valueSql(column: ColumnMapping, value: string): string {
  if (column.kind === 'decimal') return `${value}::text`;
  return column.kind === 'text' ? printedSql(column, value) : value;
}

/**
 * A cast to text isn't always what PostgreSQL prints: it cuts a char(n) and lengthens an inet. What a type of somebody else's is
 * printed with may be dropped along with it, so that isn't named.
 */
export function printedSql({ outputFunction, sqlType }: ColumnMapping, value: string): string {
  return sqlType.startsWith('pg_catalog.')
    ? `textin(${outputFunction}(${value}))`
    : `case when num_nulls(${value}) = 0 then format('%s', ${value}) end`;
}

/** A number in jsonb has no negative zero. */
function isNegativeZeroSql({ kind }: ColumnMapping, value: string): string | undefined {
  if (kind !== 'float4' && kind !== 'float8') return undefined;
  return `${value} = 0 and ${value}::text = '-0'`;
}

function inRowSql({ column }: ColumnMapping, alias: string): string {
  return `${alias}.${quoteIdentifier(column)}`;
}

function jsonSql(column: ColumnMapping, alias: string): string {
  const value = inRowSql(column, alias);
  const negativeZero = isNegativeZeroSql(column, value);
  const inEvent = valueSql(column, value);
  return negativeZero ? `case when ${negativeZero} then '"-0"'::json else to_json(${inEvent}) end` : inEvent;
}

/** The value as jsonb; SQL's NULL where it is null. */
export function jsonbSql(column: ColumnMapping, alias: string): string {
  return jsonbOfSql(column, inRowSql(column, alias));
}

/** The same of an expression of the column's type. */
export function jsonbOfSql(column: ColumnMapping, value: string): string {
  const negativeZero = isNegativeZeroSql(column, value);
  const inEvent = `to_jsonb(${valueSql(column, value)})`;
  return negativeZero ? `case when ${negativeZero} then '"-0"'::jsonb else ${inEvent} end` : inEvent;
}

function jsonTextSql(column: ColumnMapping, alias: string): string {
  const value = inRowSql(column, alias);
  const negativeZero = isNegativeZeroSql(column, value);
  const text = `coalesce(to_json(${valueSql(column, value)})::text, 'null')`;
  return negativeZero ? `case when ${negativeZero} then '"-0"' else ${text} end` : text;
}

/** Whether a column differs between two rows: by bytes where the type's own equality hides something. */
export function isDistinctSql(column: ColumnMapping, before: string, after: string): string {
  const name = quoteIdentifier(column.column);
  return column.exactEquality
    ? `${before}.${name} is distinct from ${after}.${name}`
    : `record_image_ne(row(${before}.${name}), row(${after}.${name}))`;
}
