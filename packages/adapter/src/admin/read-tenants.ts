import { quoteIdentifier, quoteLiteral, type SqlExecutor } from '../database/index.js';
import { captureFingerprintSql, type Stage } from '../stages/index.js';

/** Where one tenant's history stands. */
export interface TenantOverview {
  readonly tenant: string;
  /** PostgreSQL schema of its history. */
  readonly schema: string;
  /** Null where it has no history yet, or none any more. */
  readonly history: {
    /** How many aggregates there are in each stage; a stage without any is left out. */
    readonly stages: Readonly<Partial<Record<Stage, number>>>;
    /** Aggregates whose backfill has begun and isn't complete. */
    readonly backfilling: number;
    /** Aggregates, but for those that are off, of which no verify proves anything today: it was never done, or something has changed since. */
    readonly unverified: number;
    /** Aggregates of which the last verify or the shadow reads have found drift, or that were written although their capture had failed. */
    readonly drifted: number;
    /** Positions of the log that its slowest consumer has still to get through: events at most. Null without consumers. */
    readonly behind: number | null;
    /** Parked events; 1000 stands for that many or more. */
    readonly parked: number;
  } | null;
}

/** What is looked at; a schema without all of them is no history. */
const tables = [
  'aggregates',
  'backfills',
  'consumers',
  'events',
  'parked_events',
  'shadow_reads',
  'stages',
  'verifications',
];
/** Of a newer version than a history may be that nobody has opened since. */
const failures = 'capture_failures';
/** Histories that are looked at in one statement: most of its time is planning, and that grows with them. */
const atOnce = 100;
const mostParked = 1_000;

/** One query that finds the histories, and one for every hundred of them, in the order in which they are given. */
export async function readTenants(
  sql: SqlExecutor,
  tenants: readonly { readonly tenant: string; readonly schema: string }[],
): Promise<TenantOverview[]> {
  const found = await sql.execute<Found>(
    `select n.nspname as schema, bool_or(c.relname = $3) as "hasFailures" from pg_namespace n join pg_class c on c.relnamespace = n.oid
     where n.nspname = any ($1::text[]) and c.relname = any ($2::text[] || $3::text) and c.relkind = 'r'
     group by n.nspname having count(*) filter (where c.relname <> $3) = ${tables.length}`,
    [tenants.map(({ schema }) => schema), tables, failures],
  );
  const histories = new Map<string, NonNullable<TenantOverview['history']>>();
  for (let at = 0; at < found.length; at += atOnce) {
    const some = found.slice(at, at + atOnce);
    const rows = await sql.execute<NonNullable<TenantOverview['history']> & { schema: string }>(
      some.map(historySql).join('\nunion all\n'),
    );
    for (const { schema, ...history } of rows) histories.set(schema, history);
  }
  return tenants.map(({ tenant, schema }) => ({ tenant, schema, history: histories.get(schema) ?? null }));
}

interface Found {
  readonly schema: string;
  readonly hasFailures: boolean;
}

function historySql({ schema, hasFailures }: Found): string {
  const name = quoteIdentifier(schema);
  const failed = hasFailures
    ? `or exists (select from ${name}.${failures} u where u.category = s.category and u.settled_at is null)`
    : '';
  return `select ${quoteLiteral(schema)} as schema, s.*,
      (select count(*)::integer from ${name}.backfills b where b.completed_at is null) as backfilling,
      (select greatest((select max(e.global_position) from ${name}.events e) - min(c.position), 0)::float8 from ${name}.consumers c having count(*) > 0) as behind,
      (select count(*)::integer from (select from ${name}.parked_events limit ${mostParked}) p) as parked
    from (
      select coalesce((select jsonb_object_agg(y.stage, y.number) from (
          select z.stage, count(*) as number from ${name}.stages z join ${name}.aggregates a on a.category = z.category and a.part = '' group by z.stage) y), '{}') as stages,
        count(*) filter (where x.drifted)::integer as drifted, count(*) filter (where x.unverified)::integer as unverified
      from (
        select (v.verified_at >= s.captured_since and v.fingerprint = f.of) is not true as unverified,
          v.drifted > 0 or r.drifted > 0 and r.fingerprint = f.of ${failed} as drifted
        from ${name}.stages s join ${name}.aggregates a on a.category = s.category and a.part = ''
        cross join lateral (select ${captureFingerprintSql(schema, 's.category')} as of) f
        left join ${name}.verifications v on v.category = s.category
        left join ${name}.shadow_reads r on r.category = s.category
        where s.stage <> 'off') x) s`;
}
