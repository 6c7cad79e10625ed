import type { DataSource } from 'typeorm';
import { quoteIdentifier, quoteLiteral, type SqlExecutor } from '../database/index.js';

/** Whether the application has migrations that have not run on this database yet. TypeORM's own question logs each of them. */
export async function hasPendingMigrations(dataSource: DataSource, sql: SqlExecutor): Promise<boolean> {
  const names = dataSource.migrations.map(
    (migration) => migration.name ?? (migration.constructor as { name: string }).name,
  );
  if (names.length === 0) return false;
  const { schema } = dataSource.options as { schema?: string };
  const path = [schema, dataSource.options.migrationsTableName ?? 'migrations']
    .flatMap((name) => (name === undefined ? [] : quoteIdentifier(name)))
    .join('.');
  const [ledger] = await sql.execute<{ is: boolean }>(
    `select to_regclass(${quoteLiteral(path)}) is not null as is`,
  );
  if (!ledger?.is) return true;
  const rows = await sql.execute<{ name: string }>(`select name from ${path}`);
  const run = new Set(rows.map(({ name }) => name));
  return names.some((name) => !run.has(name));
}
