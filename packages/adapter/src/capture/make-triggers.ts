import { quoteTable, type SqlExecutor } from '../database/index.js';
import type { WantedTrigger } from './capture-sql.js';

/** A trigger of another kind is replaced where the server can do that without the lock that readers wait for. */
export async function makeTriggers(sql: SqlExecutor, missing: readonly WantedTrigger[]): Promise<void> {
  if (missing.length === 0) return;
  const oids = missing.map(({ table }) => table.oid);
  const there = await sql.execute<{ oid: number; name: string; disabled: boolean; replaceable: boolean }>(
    `select g.tgrelid as oid, g.tgname as name, g.tgenabled in ('D', 'R') as disabled,
            current_setting('server_version_num')::integer >= 140000 and c.relkind = 'r' and g.tgparentid = 0 as replaceable
     from pg_trigger g join pg_class c on c.oid = g.tgrelid where g.tgrelid = any ($1::oid[])`,
    [oids],
  );
  for (const { table, name, definition } of missing) {
    const found = there.find((each) => each.oid === table.oid && each.name === name);
    if (found && !found.replaceable) await sql.execute(`drop trigger "${name}" on ${quoteTable(table)}`);
    await sql.execute(`create ${found?.replaceable ? 'or replace ' : ''}${definition}`);
    if (found?.disabled && found.replaceable)
      await sql.execute(`alter table ${quoteTable(table)} enable trigger "${name}"`);
  }
}
