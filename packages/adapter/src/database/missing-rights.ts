import { BackstoryError } from '../errors.js';
import { namedRelation } from './named-relation.js';
import { ownersAlone } from './owners-alone.js';
import type { SqlExecutor } from './sql-executor.js';
import { stateTables } from './state-tables.js';

interface Lacking {
  readonly role: string;
  /** As it is written in a statement. */
  readonly name: string;
  readonly table: string;
  /** That it may not read, where it may read others. */
  readonly columns: string | null;
  /** Of the table; those of some columns only are lacking, too. */
  readonly rights: string;
  /** Whether it is one of Backstory's. */
  readonly own: boolean;
}

/** Whether a relation stands beside the log. */
const isOwn = `(select count(*) = 4 from pg_class o where o.relnamespace = t.relnamespace and o.relname in ('events', 'aggregates', 'backfills', 'migrations'))`;

/**
 * The right that a role lacks, with what gives it. A missing SELECT is what the statement has wanted first; where that is there, it
 * is one of the others. Where the message may mean two tables of one name, Backstory's is meant: nobody is told to open the log.
 * @returns the error as it is where no table is found that it names
 */
export async function missingRights(error: Error, sql: SqlExecutor): Promise<unknown> {
  const lacks = (right: string): string => `not has_table_privilege(c.oid, '${right}')`;
  const [lacking] = await sql.execute<Lacking>(
    `${namedRelation(['select', 'insert', 'update', 'delete'].map(lacks).join(' or '))}
     select current_user::text as role, t.name, t.relname as "table", l.columns, ${isOwn} as own,
       case when l.unreadable then 'SELECT'
         else (select string_agg(r, ', ') from unnest(array['SELECT', 'INSERT', 'UPDATE', 'DELETE']) r where not has_table_privilege(t.oid, r)) end as rights
     from t cross join lateral (
       select bool_or(not may) as unreadable, case when bool_or(may) then string_agg(name, ', ') filter (where not may) end as columns
       from (
         select quote_ident(a.attname) as name, has_column_privilege(t.oid, a.attnum, 'select') as may
         from pg_attribute a where a.attrelid = t.oid and a.attnum > 0 and not a.attisdropped order by a.attnum) a) l
     order by own desc`,
    [error.message],
  );
  if (!lacking) return error;
  const { role, name, columns, rights, own } = lacking;
  const those = columns === null ? '' : ` (${columns})`;
  return new BackstoryError(
    'RIGHTS_MISSING',
    `Role "${role}" lacks ${rights}${those} on ${name}: ${error.message}.`,
    own ? remedyOfOwn(lacking) : remedyOfApplications(lacking, those),
    { cause: error },
  );
}

/** No right on the log is ever given by hand: who may write it may forge what has happened. */
function remedyOfOwn({ role, table, rights }: Lacking): string {
  const isGranted =
    stateTables.includes(table) || (rights === 'SELECT' && !ownersAlone.some((each) => each === table));
  return isGranted
    ? `As the owner of Backstory's tables: npx backstory grants --app ${role} --apply; or run it as the owner.`
    : "That belongs to the owner of Backstory's tables: run it as the owner. Grant nothing on this table, or the role could write what never happened. docs/security.md says which role may what.";
}

function remedyOfApplications({ role, name, rights }: Lacking, those: string): string {
  const rest =
    rights === 'SELECT'
      ? ''
      : ' or what is needed of it: rows are locked with UPDATE, and only repair with the events as the truth inserts and deletes.';
  return `As the owner: GRANT ${rights}${those} ON ${name} TO "${role}";${rest}`;
}
