/** How a PostgreSQL value stands in an event's JSON. */
export type ValueKind =
  /** smallint, integer, real, double precision, oid: a JSON number (or "NaN", "Infinity") */
  | 'number'
  /** boolean */
  | 'boolean'
  /** jsonb: as it is */
  | 'json'
  /** timestamp, timestamptz, date: ISO 8601 with all microseconds, in UTC where there is a zone */
  | 'datetime'
  /** text, varchar, char, uuid, enums: a string */
  | 'string'
  /** bigint, numeric, and every other type in PostgreSQL's text form */
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
  int2: 'number',
  int4: 'number',
  float4: 'number',
  float8: 'number',
  oid: 'number',
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
  'jsonb',
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
