import { type SqlExecutor, sqlState } from '../database/index.js';
import { type ConstraintKind, ConstraintViolatedError, ResidualRefusedError } from '../errors.js';
import type { EntityMapping } from '../mapping/index.js';

type Refusals = Readonly<Record<string, (error: ConstraintViolatedError) => Error>>;

const kinds: Readonly<Record<string, ConstraintKind>> = {
  '23505': 'unique',
  '23503': 'foreign key',
  '23502': 'not null',
  '23514': 'check',
  '23P01': 'exclusion',
};

/** Columns of a table and those beneath it, by the name of the constraint or unique index that they are in. */
export type Constraints = ReadonlyMap<string, readonly string[]>;

/** Read before something is written: when a constraint has refused it, the transaction answers nothing more. */
export async function readConstraints(
  sql: SqlExecutor,
  { table, partitions }: EntityMapping,
): Promise<Constraints> {
  const rows = await sql.execute<{ name: string; columns: string[] }>(
    `select k.name, to_json(array(
       select a.attname::text from unnest(k.columns) with ordinality u (number, n)
       join pg_attribute a on a.attrelid = k.relation and a.attnum = u.number order by u.n))::jsonb as columns
     from (
       select c.conrelid as relation, c.conname as name, c.conkey::smallint[] as columns from pg_constraint c where c.conrelid = any ($1::oid[])
       union
       select x.indrelid, i.relname, x.indkey::smallint[] from pg_index x join pg_class i on i.oid = x.indexrelid where x.indrelid = any ($1::oid[]) and x.indisunique
     ) k`,
    [[table, ...partitions].map(({ oid }) => oid)],
  );
  return new Map(rows.map(({ name, columns }) => [name, columns]));
}

/** What a constraint of a table of the aggregate has refused, as an error that names the property, or as the application's own; any other as it is. */
export function refusalInWords(
  error: unknown,
  mapping: EntityMapping,
  constraintsOf: (table: EntityMapping) => Constraints | undefined,
  refusals: Refusals = {},
): unknown {
  const residual = ResidualRefusedError.of(error);
  if (residual) return residual;
  const kind = kinds[sqlState(error) ?? ''];
  const { column, ...found } = error as Partial<Record<'schema' | 'table' | 'column' | 'constraint', string>>;
  const ours = [mapping, ...mapping.parts].find(({ table, partitions }) =>
    [table, ...partitions].some(({ schema, name }) => schema === found.schema && name === found.table),
  );
  if (!kind || !ours) return error;
  const prefix = ours.part ? `${ours.part.path}.` : '';
  const constraint = found.constraint ?? column ?? '';
  const names =
    kind === 'not null' && column !== undefined ? [column] : (constraintsOf(ours)?.get(constraint) ?? []);
  const properties = names.flatMap((name) => {
    const of = ours.columns.find((each) => each.column === name);
    return of ? `${prefix}${of.property}` : [];
  });
  const violated = new ConstraintViolatedError(mapping.knownAs, kind, properties, constraint, {
    cause: error,
  });
  const key = [constraint, ...properties].find((name) => Object.hasOwn(refusals, name));
  return key === undefined ? violated : (refusals[key] as Refusals[string])(violated);
}
