import { quoteIdentifier, quoteTable, type SqlExecutor } from '../../database/index.js';
import type { EntityMapping } from '../../mapping/index.js';
import type { Finding } from '../finding.js';

interface HiddenTable {
  readonly oid: number;
  readonly role: string;
  readonly owner: string;
  readonly forced: boolean;
  /** Names of the policies; null where there is none, and nothing is seen. */
  readonly policies: string | null;
  readonly seers: string | null;
}

/** Tables that this role may not see whole, before anybody wants to backfill or verify them as this role. */
export async function hiddenRows(sql: SqlExecutor, captured: readonly EntityMapping[]): Promise<Finding[]> {
  const tables = captured.flatMap((root) => [root, ...root.parts]);
  const hidden = await sql.execute<HiddenTable>(
    `select c.oid, current_user::text as role, pg_get_userbyid(c.relowner)::text as owner, c.relforcerowsecurity as forced,
       (select string_agg(quote_ident(p.polname), ', ' order by p.polname) from pg_policy p where p.polrelid = c.oid) as policies,
       (select string_agg(quote_ident(r.rolname), ', ' order by r.rolname) from (
          select rolname from pg_roles where (rolsuper or rolbypassrls) and rolcanlogin order by rolname limit 5) r) as seers
     from pg_class c where c.oid = any ($1::oid[]) and row_security_active(c.oid)`,
    [tables.map(({ table }) => table.oid)],
  );
  return tables.flatMap(({ category, table }) =>
    hidden.filter(({ oid }) => oid === table.oid).map((found) => inWords(category, quoteTable(table), found)),
  );
}

function inWords(
  aggregate: string,
  table: string,
  { role, owner, forced, policies, seers }: HiddenTable,
): Finding {
  const by = policies === null ? 'it has no policy, so nothing is seen' : `policies ${policies}`;
  const ownerMay = forced ? '' : ` or as its owner ${quoteIdentifier(owner)}`;
  return {
    severity: 'hint',
    aggregate,
    problem: `row-level security of ${table} may hide rows from this role, ${quoteIdentifier(role)} (${by}${forced ? ', FORCE' : ''}): backfill, verify, repair and archive refuse it, and shadow reads compare only what it sees`,
    remedy: `Run these as a role that sees every row${seers === null ? '' : ` (${seers})`}${ownerMay}, or ALTER ROLE ${quoteIdentifier(role)} BYPASSRLS;`,
  };
}
