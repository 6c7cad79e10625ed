import { quoteIdentifier, quoteLiteral, type SqlExecutor } from '../database/index.js';
import { lastBlock } from './seal-block.js';

/** How far the log is sealed. */
export interface SealStatus {
  readonly blocks: number;
  /** Up to which position, and when. */
  readonly to: string;
  readonly at: string;
  /** Of the newest event in the log. */
  readonly newest: string;
  /** Blocks whose digests have not been written outside. */
  readonly unpublished: number;
}

/** Null where nothing is sealed, and for a role that may not look at seals: they are the owner's. */
export async function readSealStatus(sql: SqlExecutor, schema: string): Promise<SealStatus | null> {
  const name = quoteIdentifier(schema);
  const [right] = await sql.execute<{ may: boolean }>(
    `select has_table_privilege(${quoteLiteral(`${name}.seal_blocks`)}, 'select') as may`,
  );
  const last = right?.may ? await lastBlock(sql, schema) : undefined;
  if (!last) return null;
  const [row] = await sql.execute<{ newest: string; unpublished: number }>(
    `select greatest($1::bigint, (select max(global_position) from ${name}.events)) as newest,
       (select count(*) from ${name}.seal_blocks where published_at is null)::float8 as unpublished`,
    [last.to],
  );
  return {
    blocks: last.number,
    to: last.to,
    at: last.sealedAt,
    newest: row?.newest ?? last.to,
    unpublished: row?.unpublished ?? 0,
  };
}

/** Roles that may write to the tables of seals beside their owner, such as after a GRANT on all tables of the schema. */
export async function readSealWriters(sql: SqlExecutor, schema: string): Promise<string[]> {
  const name = quoteIdentifier(schema);
  const rows = await sql.execute<{ role: string }>(
    `select distinct case when a.grantee = 0 then 'PUBLIC' else a.grantee::regrole::text end as role
     from pg_class c cross join lateral aclexplode(c.relacl) a
     where c.oid = any ($1::regclass[]) and a.grantee <> c.relowner order by 1`,
    [[`${name}.seal_blocks`, `${name}.event_commitments`]],
  );
  return rows.map(({ role }) => role);
}
