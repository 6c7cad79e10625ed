import { quoteIdentifier, type SqlExecutor } from '../database/index.js';
import { InvalidOptionsError } from '../errors.js';
import { type RefusedRoles, type ResidualPolicy, residualPolicy } from '../stages/index.js';

/** What of an aggregate's events commands explain, and who writes the others. Events of backfill, repair and erasure aren't counted. */
export interface ResidualStatus {
  /** What becomes of writes without a command. */
  readonly policy: ResidualPolicy;
  /** Events since then: what was asked for, or when the aggregate came into its stage. */
  readonly since: Date;
  /**
   * Only the newest events of the log are looked at: where they don't reach back to `since`, those that are counted are since this moment.
   * Null where they do.
   */
  readonly completeSince: Date | null;
  /** Events of commands, and those that the application has appended. */
  readonly explained: number;
  /** What the row of a command has changed beyond its events. */
  readonly residual: number;
  /** Events of writes without a command. */
  readonly captured: number;
  /** Residual and captured events by what has written them, most of them first: 10 at most. */
  readonly sources: readonly ResidualSource[];
}

export interface ResidualSource {
  readonly type: string;
  readonly origin: 'residual' | 'captured';
  /**
   * What the statement's context says beside the ids of the request: keys of the application's own, or where there are none, the actor. Empty for statements
   * without a context, such as those of psql.
   */
  readonly context: Readonly<Record<string, unknown>>;
  readonly events: number;
  /** ISO 8601. */
  readonly lastAt: string;
}

export interface ResidualOptions {
  /** Count residual events since this moment, in every stage but off. @defaultValue when the aggregate came into stage `replay` or `events` */
  since?: Date;
  /**
   * How many of the newest events of the log are looked at, of all aggregates together. Looked at one by one, as there is no index by time: more reach back further, and
   * take longer. 0: nothing is counted.
   * @defaultValue 20 000
   */
  newest?: number;
}

const sourcesShown = 10;
/** What is another one for each request says nothing of a code path. */
const ids = ['correlationId', 'causationId', 'traceparent', 'scope', 'origin', 'contextError'];

interface Counted {
  readonly category: string;
  readonly refusedRoles: RefusedRoles;
  readonly since: Date;
  readonly oldest: Date | null;
  readonly counts: Readonly<Partial<Record<'explained' | 'residual' | 'captured', number>>> | null;
  readonly sources: readonly ResidualSource[] | null;
}

/**
 * One query that reads the end of the log once, whatever the number of aggregates. In stages before replay nothing is counted, unless a
 * moment is given.
 * @throws InvalidOptionsError
 */
export async function readResiduals(
  sql: SqlExecutor,
  schema: string,
  { since, newest = 20_000 }: ResidualOptions = {},
): Promise<Map<string, ResidualStatus>> {
  if (!(Number.isSafeInteger(newest) && newest >= 0))
    throw new InvalidOptionsError(`newest: ${newest} is no number of events.`, 'Use a whole number from 0.');
  if (newest === 0) return new Map();
  if (since && Number.isNaN(since.getTime()))
    throw new InvalidOptionsError('since is no moment.', 'Use a Date that is one.');
  const name = quoteIdentifier(schema);
  const isCounted = `s.stage in ('replay', 'events') or $2::timestamptz is not null and s.stage <> 'off'`;
  const rows = await sql.execute<Counted>(
    `with wanted as materialized (
       select s.category, case when s.stage = 'events' then s.refused_roles end as refused_roles, coalesce($2::timestamptz, s.changed_at) as since from ${name}.stages s where ${isCounted}
     ), looked as (
       select e.category, e.recorded_at, e.type, e.metadata ->> 'origin' as origin, e.metadata - $3::text[] as context
       from ${name}.events e where exists (select from wanted) order by e.global_position desc limit $1
     ), alike as materialized (
       -- an outer join, so that PostgreSQL expects many rows and hashes them: to sort contexts takes five times as long
       select l.category, l.type, l.origin, l.context, w.category is not null as counts, count(*) as events,
         min(l.recorded_at) as first_at, max(l.recorded_at) as last_at
       from looked l left join wanted w on w.category = l.category and l.recorded_at >= w.since group by 1, 2, 3, 4, 5
     ), groups as materialized (
       select a.category, k.kind, a.type, k.context, sum(a.events)::integer as events, max(a.last_at) as last_at
       from alike a
       cross join lateral (
         select case a.origin when 'residual' then 'residual' when 'command' then 'explained' when 'append' then 'explained' else 'captured' end as kind,
           case when a.origin in ('command', 'append') then null when a.context - 'actor' = '{}' then a.context else a.context - 'actor' end as context
         offset 0) k
       where a.counts and (a.origin is null or a.origin in ('command', 'append', 'residual')) group by 1, 2, 3, 4
     ), ranked as (
       select g.*, row_number() over (partition by g.category order by g.events desc, g.last_at desc) as rank from groups g where g.kind <> 'explained'
     )
     select w.category, to_jsonb(w.refused_roles) as "refusedRoles", w.since,
       (select case when sum(a.events) = $1 then min(a.first_at) end from alike a) as oldest,
       (select jsonb_object_agg(k.kind, k.events) from (
          select g.kind, sum(g.events) as events from groups g where g.category = w.category group by 1) k) as counts,
       (select jsonb_agg(jsonb_build_object('type', r.type, 'origin', r.kind, 'context', r.context, 'events', r.events, 'lastAt', r.last_at) order by r.rank)
        from ranked r where r.category = w.category and r.rank <= ${sourcesShown}) as sources
     from wanted w`,
    [newest, since ?? null, ids],
  );
  return new Map(
    rows.map(({ category, refusedRoles, since: from, oldest, counts, sources }) => [
      category,
      {
        policy: residualPolicy(refusedRoles),
        since: from,
        completeSince: oldest && oldest > from ? oldest : null,
        explained: counts?.explained ?? 0,
        residual: counts?.residual ?? 0,
        captured: counts?.captured ?? 0,
        sources: sources ?? [],
      },
    ]),
  );
}
