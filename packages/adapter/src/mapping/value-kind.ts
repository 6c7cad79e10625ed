/** How a PostgreSQL value stands in an event's JSON. docs/values.md has the forms type by type. */
export type ValueKind =
  /** smallint, integer: a JSON number */
  | 'integer'
  /** real, double precision: a JSON number, or "NaN", "Infinity", "-Infinity", "-0" */
  | 'float4'
  | 'float8'
  /** boolean */
  | 'boolean'
  /** jsonb: as it is */
  | 'json'
  /** timestamp, timestamptz, date: ISO 8601 with all microseconds, in UTC where there is a zone */
  | 'datetime'
  /** text, varchar, char, uuid, oid, enums: a string */
  | 'string'
  /** bigint, numeric: a string of digits, because a JSON number is read as a double */
  | 'decimal'
  /** every other type: the text that PostgreSQL prints with pinned settings */
  | 'text';

/** What the catalogue says of a column's type; for a domain, of the type beneath it. */
export interface CatalogType {
  readonly name: string;
  /** pg_type.typtype: `e` enum, `b` base, … */
  readonly type: string;
  /** Whether the column's collation tells all different strings apart. */
  readonly deterministic: boolean;
}

const kinds: Record<string, ValueKind> = {
  int2: 'integer',
  int4: 'integer',
  float4: 'float4',
  float8: 'float8',
  bool: 'boolean',
  jsonb: 'json',
  timestamp: 'datetime',
  timestamptz: 'datetime',
  date: 'datetime',
  text: 'string',
  varchar: 'string',
  bpchar: 'string',
  uuid: 'string',
  name: 'string',
  oid: 'string',
  int8: 'decimal',
  numeric: 'decimal',
};

export function valueKind(type: CatalogType): ValueKind {
  return type.type === 'e' ? 'string' : (kinds[type.name] ?? 'text');
}

const exact = new Set([
  'int2',
  'int4',
  'int8',
  'oid',
  'bool',
  'timestamp',
  'timestamptz',
  'date',
  'uuid',
  'bytea',
]);
const exactIfDeterministic = new Set(['text', 'varchar', 'name']);

/** Whether the type's own equality sees every difference that a replay must reproduce. */
export function hasExactEquality(type: CatalogType): boolean {
  return (
    type.type === 'e' || exact.has(type.name) || (exactIfDeterministic.has(type.name) && type.deterministic)
  );
}
