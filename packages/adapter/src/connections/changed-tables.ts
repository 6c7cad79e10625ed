import type { QueryRunner } from 'typeorm';
import type { PgClient } from './pg-pool.js';
import { executorOf } from './pool-database.js';

/**
 * The tables that the transaction of a migration has created, altered or dropped: it holds a lock on them that only DDL takes.
 * Undefined outside of a transaction, where nobody can tell.
 */
export async function changedTables(
  queryRunner: QueryRunner,
): Promise<readonly { readonly oid: number; readonly schema: string | null }[] | undefined> {
  if (!queryRunner.isTransactionActive) return undefined;
  return executorOf((await queryRunner.connect()) as PgClient).execute(
    `select l.relation as oid, n.nspname as schema
     from pg_locks l left join pg_class c on c.oid = l.relation left join pg_namespace n on n.oid = c.relnamespace
     where l.pid = pg_backend_pid() and l.locktype = 'relation' and l.mode = 'AccessExclusiveLock'
       and l.database = (select oid from pg_database where datname = current_database())`,
  );
}
