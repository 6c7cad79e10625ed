import { quoteIdentifier, quoteLiteral } from '../database/index.js';
import type { ColumnMapping } from './entity-mapping.js';
import { jsonbOfSql } from './row-sql.js';
import type { ValueKind } from './value-kind.js';

/** The JSON types in which a value of a kind stands in events, besides null; of jsonb it may be any. */
const jsonTypes: Record<Exclude<ValueKind, 'json'>, readonly string[]> = {
  integer: ['number'],
  float4: ['number', 'string'],
  float8: ['number', 'string'],
  boolean: ['boolean'],
  datetime: ['string'],
  string: ['string'],
  decimal: ['string'],
  text: ['string'],
};

/**
 * The recorded value `value`, a jsonb expression, in the form that events give to the column's type of today: what PostgreSQL
 * makes of its text, at once or by way of the types that the column has had. What is in that form already stays as it
 * is, because it may have been recorded today. What can't be cast stays, too: then it differs from its row, and is no error.
 */
export function asTypeSql(column: ColumnMapping, schema: string, value: string): string {
  const cast = (types: readonly string[]): string =>
    jsonbOfSql(column, `$1::text${types.map((type) => `::${type}`).join('')}`);
  const { declaredType } = column;
  const atOnce = cast([declaredType]);
  const byWay = [...column.formerTypes].reverse().map((former) => cast([former, declaredType]));
  const asType = (forms: readonly string[]): string =>
    `${quoteIdentifier(schema)}.as_type(${value}, array[${forms.map(quoteLiteral).join(', ')}])`;
  if (column.kind === 'json') {
    return `case when jsonb_typeof(${value}) = 'string' and ${isDocumentSql(value)} then ${asType([atOnce])} else ${value} end`;
  }
  const types = jsonTypes[column.kind].map((type) => quoteLiteral(type)).join(', ');
  return `case when ${isOfTodaySql(column, value)} then ${value}
    when jsonb_typeof(${value}) in (${types}) then ${asType([atOnce, ...byWay])}
    else ${asType([...byWay, atOnce])} end`;
}

const int2 = 21;

/** A string that text was, before it became jsonb. One that a jsonb holds doesn't look like that. */
function isDocumentSql(value: string): string {
  return `left(ltrim((${value}) #>> '{}'), 1) in ('{', '[')`;
}

/** What needs no cast to be known for a value of today: a cast takes some 10 µs. */
function isOfTodaySql({ kind, declaredType, typeOid }: ColumnMapping, value: string): string {
  const isNull = `coalesce(jsonb_typeof(${value}), 'null') = 'null'`;
  if (kind === 'boolean') return `${isNull} or jsonb_typeof(${value}) = 'boolean'`;
  if (kind === 'integer')
    return `${isNull} or jsonb_typeof(${value}) = 'number' and (${value})::text ~ '^-?[0-9]{1,${typeOid === int2 ? 4 : 9}}$'`;
  if (/^pg_catalog\.(text|"?varchar"?)$/.test(declaredType))
    return `${isNull} or jsonb_typeof(${value}) = 'string'`;
  return isNull;
}
