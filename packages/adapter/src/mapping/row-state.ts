import { quoteIdentifier, quoteLiteral, quoteTable, type SqlExecutor } from '../database/index.js';
import type { EventData } from '../event/index.js';
import type { EntityMapping } from './entity-mapping.js';
import { rowIdSql } from './row-identity-sql.js';
import { rowsOfStreamsSql } from './rows-of-streams-sql.js';

const valuesSql = (schema: string, { columns }: EntityMapping): string =>
  `array_to_json(array[${columns
    .map(
      ({ column, kind }) =>
        `${quoteIdentifier(schema)}.value_in_events(t.${quoteIdentifier(column)}, ${quoteLiteral(kind)})`,
    )
    .join(', ')}])`;

const stateOf = ({ columns }: EntityMapping, values: readonly unknown[]): EventData =>
  Object.fromEntries(columns.map(({ property }, index) => [property, values[index]]));

/** The row of one stream as a state, with values as events have them. Undefined where it isn't there. */
export async function rowState(
  sql: SqlExecutor,
  schema: string,
  mapping: EntityMapping,
  streamId: string,
): Promise<EventData | undefined> {
  const [row] = await sql.execute<{ values: unknown[] }>(
    `select ${valuesSql(schema, mapping)} as values from ${quoteTable(mapping.table)} t
     where ${rowsOfStreamsSql(mapping, 't', 'array[$1]')}`,
    [streamId],
  );
  return row && stateOf(mapping, row.values);
}

/** The rows of its parts, by path and id. */
export async function partStates(
  sql: SqlExecutor,
  schema: string,
  { parts }: EntityMapping,
  streamId: string,
): Promise<Map<string, Map<string, EventData>>> {
  const states = new Map<string, Map<string, EventData>>();
  for (const part of parts) {
    const rows = await sql.execute<{ id: string; values: unknown[] }>(
      `select ${rowIdSql(part, 't')} as id, ${valuesSql(schema, part)} as values from ${quoteTable(part.table)} t
       where ${rowsOfStreamsSql(part, 't', 'array[$1]')}`,
      [streamId],
    );
    states.set(part.part.path, new Map(rows.map(({ id, values }) => [id, stateOf(part, values)])));
  }
  return states;
}
