import type { SqlExecutor } from './sql-executor.js';

/** Why nothing can be written here, in words; undefined on a server that takes writes. */
export async function whyReadOnly(sql: SqlExecutor): Promise<string | undefined> {
  const [server] = await sql.execute<{ standby: boolean; default: boolean }>(
    `select pg_is_in_recovery() as standby, current_setting('default_transaction_read_only') = 'on' as default`,
  );
  if (server?.standby) return 'it is a standby';
  return server?.default ? 'default_transaction_read_only is on' : undefined;
}
