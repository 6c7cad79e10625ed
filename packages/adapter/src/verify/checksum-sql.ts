import { quoteIdentifier, quoteLiteral, quoteTable } from '../database/index.js';
import {
  canonicalRowSql,
  canonicalStateSql,
  type EntityMapping,
  rowIdSql,
  stateOfRowsSql,
  streamIdSql,
} from '../mapping/index.js';
import { endedUntrackedSql } from '../replay/index.js';
import { archivedThroughSql } from './archived-streams.js';
import { bucketSql, type VerifyScope } from './verify-scope.js';

/**
 * The checksums of one table and of the replay of its streams: sums of 64-bit hashes, one of each state, seeded with its
 * id. Equal sums mean equal states, whatever their order, so a million equal rows need no join with their events.
 * The method of data-diff, with buckets of ids in place of ranges of keys: a stream's bucket is known on both sides.
 */
export interface ChecksumSql {
  /** Columns: bucket, states, checksum. */
  readonly rows: string;
  /** As `rows`, and events (looked at) and faults (streams whose positions have a gap or are out of order); each to be added up. */
  readonly replays: readonly string[];
}

export interface ChecksumForm {
  /**
   * Compares what has one event only by its text, which is faster, and finds too much where the event holds more than the
   * entity has today. Everything else is compared property by property.
   */
  readonly exact: boolean;
  /** For finding where they differ. */
  readonly byBucket: boolean;
  /** Some streams were archived, and need not begin at their first position. */
  readonly archived: boolean;
  /** Some streams have ended without an event of their own. */
  readonly untracked: boolean;
}

export function checksumSql(
  mapping: EntityMapping,
  schema: string,
  scope: VerifyScope,
  { exact, byBucket, archived, untracked }: ChecksumForm,
): ChecksumSql {
  const group = (streamId: string): { bucket: string; by: string } =>
    byBucket ? { bucket: bucketSql(streamId), by: 'group by 1' } : { bucket: '0', by: '' };
  const rows = group(streamIdSql(mapping, 't'));
  const replays = mapping.part
    ? partReplays(mapping, schema, scope)
    : [
        ...rootReplays(mapping, schema, scope, { exact, archived }),
        ...(archived ? [archivedReplays(mapping, schema, scope)] : []),
      ];
  const of = group('x.stream_id');
  return {
    rows: `select ${rows.bucket}::integer as bucket, count(*)::float8 as states, coalesce(sum(${rowHash(mapping, exact, archived)}), 0) as checksum
      from ${quoteTable(mapping.table)} t ${exact ? severalEvents(mapping, schema, archived) : ''}
      where ${scope.rows(mapping, 't')} ${mapping.part ? `and ${streamIdSql(mapping, 't')} is not null` : ''} ${rows.by}`,
    replays: replays.map(
      (
        states,
      ) => `select ${of.bucket}::integer as bucket, count(x.state)::float8 as states, coalesce(sum(hashtextextended(x.state, ${seed(mapping, 'x.stream_id', 'x.row_id')})), 0) as checksum,
          coalesce(sum(x.events), 0)::float8 as events, count(*) filter (where x.faulty)::float8 as faults
        from (${untracked ? livingOnly(mapping, schema, states) : states}) x ${of.by}`,
    ),
  };
}

/** Of what has ended without an event there is no state. */
function livingOnly(mapping: EntityMapping, schema: string, states: string): string {
  return `select y.*, case when not ${endedUntrackedSql(mapping, schema, 'y.stream_id')} then y.given end as state
          from (select z.stream_id, ${mapping.part ? 'z.row_id, ' : ''}z.events, z.faulty, z.state as given from (${states}) z offset 0) y offset 0`;
}

/**
 * Whether a state that was written once can be compared by its text: nothing else is in it, nothing is added to it, and no
 * value of it has another form today. One that lacks a column of today differs, and is found equal property by property.
 */
export function hasExactForm({ part, parts, columns, defaults, renamed }: EntityMapping): boolean {
  return (
    !part &&
    parts.length === 0 &&
    columns.every(({ formerTypes }) => formerTypes.length === 0) &&
    Object.keys(defaults).length === 0 &&
    Object.keys(renamed).length === 0
  );
}

function rowHash(mapping: EntityMapping, exact: boolean, archived: boolean): string {
  const canonical = canonicalRowSql(mapping, 't');
  const text = exact
    ? `case when second.stream_id is null ${archived ? 'and archived.stream_id is null' : ''} then (${stateOfRowsSql(mapping, 't').state})::text else ${canonical} end`
    : canonical;
  return `hashtextextended(${text}, ${seed(mapping, streamIdSql(mapping, 't'), mapping.part ? rowIdSql(mapping, 't') : '')})`;
}

function seed({ part }: EntityMapping, streamId: string, rowId: string): string {
  const ofStream = `hashtextextended(${streamId}, 0)`;
  return part ? `hashtextextended(${rowId}, ${ofStream})` : ofStream;
}

/** Joins the row's second event: whether there are several, without counting them; and whether its stream was archived. */
function severalEvents(mapping: EntityMapping, schema: string, archived: boolean): string {
  const id = streamIdSql(mapping, 't');
  const ofArchived = `left join ${isArchivedSql(mapping, schema, id)}`;
  return `${stateOfRowsSql(mapping, 't').join}
      left join ${quoteIdentifier(schema)}.events second on ${isSecondOf(mapping, id)} ${archived ? ofArchived : ''}`;
}

function isSecondOf({ category }: EntityMapping, streamId: string): string {
  return `second.category = ${quoteLiteral(category)} and second.stream_id = ${streamId} and second.stream_position = 2`;
}

/** What is to be joined for a stream that was archived. */
function isArchivedSql({ category }: EntityMapping, schema: string, streamId: string): string {
  return `${quoteIdentifier(schema)}.archived_streams archived on archived.category = ${quoteLiteral(category)} and archived.stream_id = ${streamId}`;
}

/**
 * Streams of one event, and those of several: two queries, because only the first of them can use several workers.
 * `offset 0` keeps what is counted and hashed from being made anew for each use: a state, and for each of its properties
 * the JSON that it is read from.
 */
function rootReplays(
  mapping: EntityMapping,
  schema: string,
  scope: VerifyScope,
  { exact, archived }: Pick<ChecksumForm, 'exact' | 'archived'>,
): string[] {
  const events = `${quoteIdentifier(schema)}.events`;
  const chosen = `v.category = ${quoteLiteral(mapping.category)} and ${scope.events('v')}`;
  const paths = mapping.parts.map(({ part }) => quoteLiteral(part.path)).join(', ');
  const data = paths ? `(v.data::jsonb - array[${paths}]::text[])` : 'v.data::jsonb';
  const name = quoteIdentifier(schema);
  const once = (state: string): string =>
    `select v.stream_id, v.change, ${state} as state from ${events} v
     where ${chosen} and v.stream_position = 1
       and not exists (select from ${events} second where ${isSecondOf(mapping, 'v.stream_id')})`;
  const state = exact ? 'v.state' : canonicalStateSql(mapping, schema, 'v.state');
  return [
    `select v.stream_id, case when v.change = 'c' then ${state} end as state, 1 as events, false as faulty
     from (${exact ? once('v.data::text') : `${once(data)} offset 0`}) v ${exact ? '' : 'offset 0'}`,
    `select s.stream_id, s.events, s.faulty,
       case when s.born = 1 and s.died is null then ${canonicalStateSql(mapping, schema, 's.state')}
            when s.born > coalesce(s.died, 0) then (
              select ${canonicalStateSql(mapping, schema, 'f.state')} from (
                select ${name}.fold(v.change, v.data order by v.stream_position) as state
                from ${events} v where v.category = ${quoteLiteral(mapping.category)} and v.stream_id = s.stream_id) f)
       end as state
     from (
       select v.stream_id, ${name}.merge(v.data order by v.stream_position) filter (where v.change <> 'n') as state, count(*) as events,
         count(*) <> max(v.stream_position) or bool_or(v.early) as faulty,
         max(v.stream_position) filter (where v.change = 'c') as born,
         max(v.stream_position) filter (where v.change = 'd') as died
       from (
         select v.stream_id, v.stream_position, v.change, ${data} as data, ${isEarlySql('v')} as early
         from ${events} v join ${events} second on ${isSecondOf(mapping, 'v.stream_id')}
         ${archived ? `left join ${isArchivedSql(mapping, schema, 'v.stream_id')}` : ''}
         where ${chosen} ${archived ? 'and archived.stream_id is null' : ''}
         window w as (partition by v.stream_id order by v.stream_position)
       ) v group by v.stream_id
     ) s offset 0`,
  ];
}

/** Streams that were archived may begin anywhere. */
function archivedReplays(mapping: EntityMapping, schema: string, scope: VerifyScope): string {
  const name = quoteIdentifier(schema);
  const paths = mapping.parts.map(({ part }) => quoteLiteral(part.path)).join(', ');
  const data = paths ? `(v.data::jsonb - array[${paths}]::text[])::json` : 'v.data';
  return `select s.stream_id, s.events, s.faulty, case when s.state is not null then ${canonicalStateSql(mapping, schema, 's.state')} end as state
     from (
       select v.stream_id, ${name}.fold(v.change, ${data} order by v.stream_position) as state, count(*) as events,
         bool_or(v.early or v.step > 1) as faulty
       from (
         select v.stream_id, v.stream_position, v.change, v.data, ${isEarlySql('v')} as early,
           v.stream_position - coalesce(lag(v.stream_position) over w, ${archivedThroughSql(schema, 'v')}) as step
         from ${name}.events v join ${isArchivedSql(mapping, schema, 'v.stream_id')}
         where v.category = ${quoteLiteral(mapping.category)} and ${scope.events('v')}
         window w as (partition by v.stream_id order by v.stream_position)
       ) v group by v.stream_id
     ) s offset 0`;
}

/** Whether an event stands before the one that precedes it in its stream. One that has filled a gap is late by nature. */
export function isEarlySql(alias: string): string {
  return `coalesce(${alias}.global_position < lag(case when not ${alias}.metadata ? 'filled' then ${alias}.global_position end) over w, false)`;
}

function partReplays(mapping: EntityMapping, schema: string, scope: VerifyScope): string[] {
  return [
    `select p.stream_id, p.row_id, p.events, false as faulty, ${canonicalStateSql(mapping, schema, 'p.state')} as state
     from (
       select v.stream_id, x.id collate "C" as row_id, count(*) as events,
         ${quoteIdentifier(schema)}.fold_part(x.patch order by v.stream_position) as state
       from ${quoteIdentifier(schema)}.events v cross join lateral json_each(v.data -> ${quoteLiteral(mapping.part?.path ?? '')}) x (id, patch)
       where v.category = ${quoteLiteral(mapping.category)} and v.change <> 'n' and ${scope.events('v')}
       group by v.stream_id, x.id
     ) p offset 0`,
  ];
}
