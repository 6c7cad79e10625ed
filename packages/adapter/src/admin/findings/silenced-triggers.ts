import type { SqlExecutor } from '../../database/index.js';
import type { Finding } from '../finding.js';

/** Sessions for which no trigger fires: as the database, a role or both are set, and this one, as its connection is. */
export async function silencedTriggers(sql: SqlExecutor): Promise<Finding[]> {
  const found = await sql.execute<{ where: string; remedy: string }>(
    `select 'this connection' as where, 'Take session_replication_role out of the options of the connection' as remedy
     where current_setting('session_replication_role') = 'replica'
     union all
     select case when s.setrole = 0 then 'database ' || quote_ident(current_database())
                 when s.setdatabase = 0 then 'role ' || s.setrole::regrole
                 else 'role ' || s.setrole::regrole || ' in database ' || quote_ident(current_database()) end,
       case when s.setrole = 0 then 'ALTER DATABASE ' || quote_ident(current_database())
            else 'ALTER ROLE ' || s.setrole::regrole
              || case when s.setdatabase = 0 then '' else ' IN DATABASE ' || quote_ident(current_database()) end end
       || ' RESET session_replication_role'
     from pg_db_role_setting s
     where s.setdatabase in (0, (select oid from pg_database where datname = current_database()))
       and exists (select from unnest(s.setconfig) c where lower(c) = 'session_replication_role=replica')`,
  );
  return found.map(({ where, remedy }) => ({
    severity: 'fault',
    problem: `session_replication_role is replica for ${where}: no trigger fires, so what it writes is not captured`,
    remedy: `${remedy}; then npx backstory verify`,
  }));
}
