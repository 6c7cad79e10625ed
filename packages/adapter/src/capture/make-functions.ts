import { quoteIdentifier, type SqlExecutor } from '../database/index.js';
import type { EntityMapping } from '../mapping/index.js';
import { beginAppendFunction } from './begin-append-sql.js';
import { captureFunctions, captureSql } from './capture-sql.js';
import type { CaptureState } from './capture-state.js';

/** Makes the functions that capture some tables of an aggregate, or makes them anew, and notes what the tables and columns are called by now. */
export async function makeFunctions(
  sql: SqlExecutor,
  schema: string,
  { tables }: CaptureState,
  mappings: readonly EntityMapping[],
): Promise<void> {
  // Streams that began before a part was owned don't have it: until a verify says otherwise, it isn't read from them. Nor is a root of
  // which something else was unsettled.
  const begun = `select from ${quoteIdentifier(schema)}.events e where e.category = $1`;
  for (const mapping of mappings) {
    const part = mapping.part?.path ?? '';
    const known = tables.find((each) => each.part === part);
    const { refuses = false, records = false } = known ?? {};
    const { functions, fingerprint } = captureSql(mapping, schema);
    // Who may execute one may hang it on a table of their own.
    const names = captureFunctions(mapping).map(
      (name) => `${quoteIdentifier(schema)}.${quoteIdentifier(name)}()`,
    );
    if (!mapping.part) names.push(beginAppendFunction(schema, mapping.category));
    await sql.execute(
      // PostgreSQL would parse each body now and again at its first call; they come from one generator
      [
        'set local check_function_bodies = off',
        ...functions({ refuses, records }),
        `revoke execute on function ${names.join(', ')} from public`,
      ].join(';\n'),
    );
    if (!mapping.part) await letAppendCall(sql, schema, mapping.category);
    await sql.execute(
      `update ${quoteIdentifier(schema)}.aggregates
       set fingerprint = $3, functions_oid = table_oid, table_schema = $4, table_name = $5, captured = $6,
           replayed_oid = coalesce(replayed_oid, case when case part when '' then installed_at is null else not exists (${begun}) end then table_oid end),
           installed_at = now(), refusing_since = case when $7 then now() end,
           recording_since = case when $8 then now() end where category = $1 and part = $2`,
      [
        mapping.category,
        part,
        fingerprint,
        mapping.table.schema,
        mapping.table.name,
        known?.seen ? JSON.stringify(known.seen) : null,
        refuses,
        records,
      ],
    );
  }
}

/** append_events() has the rights of who owns the log, which may be another role than the one that makes functions. */
async function letAppendCall(sql: SqlExecutor, schema: string, category: string): Promise<void> {
  const [other] = await sql.execute<{ owner: string }>(
    `select c.relowner::regrole::text as owner from pg_class c
     where c.oid = to_regclass($1) and c.relowner <> current_user::regrole`,
    [`${quoteIdentifier(schema)}.events`],
  );
  if (other)
    await sql.execute(`grant execute on function ${beginAppendFunction(schema, category)} to ${other.owner}`);
}
