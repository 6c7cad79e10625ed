import { setTimeout as sleep } from 'node:timers/promises';
import { InvalidOptionsError } from '../errors.js';
import { readOnlyServer } from './read-only-server.js';
import type { Database, SqlExecutor } from './sql-executor.js';

/** Where a server was in its write-ahead log, such as "7587421933318713345:0/3000148": which server, and where (its LSN). */
export interface WrittenMark {
  readonly system: string;
  readonly lsn: string;
}

/** @throws InvalidOptionsError */
export function parseMark(text: string): WrittenMark {
  const [, system, lsn] = /^(\d{1,20}):([0-9A-F]{1,8}\/[0-9A-F]{1,8})$/i.exec(text) ?? [];
  if (system !== undefined && lsn !== undefined) return { system, lsn };
  throw new InvalidOptionsError(
    `${JSON.stringify(text)} says of no server what was written.`,
    'Give what standbys.written() has given, unchanged.',
  );
}

/** Bytes at the start of a page of the log, and of a file of it, which PostgreSQL counts before there is anything on the page. */
const pageHeader = 24n;
const fileHeader = 40n;

/**
 * The end of what was written, where the place is that the next record would get. On a page with nothing on it that is behind the
 * page's header, and nobody replays a header: an idle standby would never come there.
 */
export function endOfWrites(lsn: string, pageSize: number, fileSize: number): string {
  const [high = '', low = ''] = lsn.split('/');
  const at = (BigInt(`0x${high}`) << 32n) + BigInt(`0x${low}`);
  const isFile = at % BigInt(fileSize) === fileHeader;
  const header = isFile ? fileHeader : at % BigInt(pageSize) === pageHeader ? pageHeader : 0n;
  const end = at - header;
  const text = (part: bigint): string => part.toString(16).toUpperCase();
  return `${text(end >> 32n)}/${text(end & 0xffffffffn)}`;
}

interface Place {
  readonly system: string;
  readonly inserted: string | null;
  readonly page: number;
  readonly file: number;
}

const flushPollMs = 5;

/**
 * Where this server is by now: everything that was committed before is in front of it. It is on the disk, too, so that standbys get it:
 * what nobody waits for, such as a commit without `synchronous_commit`, would stay in memory for a while.
 * @throws BackstoryError READ_ONLY_SERVER on a standby
 */
export async function readMark(database: Database): Promise<string> {
  const [place] = await database.execute<Place>(
    `select (select system_identifier from pg_control_system())::text as system,
       case when not pg_is_in_recovery() then pg_current_wal_insert_lsn() end::text as inserted,
       current_setting('wal_block_size')::integer as page,
       pg_size_bytes(current_setting('wal_segment_size'))::integer as file`,
  );
  const { system, inserted, page, file } = place as Place;
  if (inserted === null)
    throw readOnlyServer('What was written is asked of a standby, which has written nothing');
  const lsn = endOfWrites(inserted, page, file);
  for (let tries = 0; !(await isOnDisk(database, lsn)); tries++) {
    if (tries === 4) await writeOut(database);
    else await sleep(flushPollMs);
  }
  return `${system}:${lsn}`;
}

async function isOnDisk(sql: SqlExecutor, lsn: string): Promise<boolean> {
  const [row] = await sql.execute<{ yes: boolean }>(
    'select pg_current_wal_flush_lsn() >= $1::pg_lsn as yes',
    [lsn],
  );
  return row?.yes ?? false;
}

/** A few bytes that say nothing, in a commit that waits for this server's disk, and for no other. */
async function writeOut(database: Database): Promise<void> {
  await database.transaction(async (sql) => {
    await sql.execute('set local synchronous_commit = local');
    await sql.execute(`select pg_logical_emit_message(true, 'backstory', '')`);
  });
}

/** Where a server is with regard to a mark. */
export interface MarkReached {
  /** It has what was written. */
  readonly reached: boolean;
  /** It is the server that has given the mark, or a copy of its files. */
  readonly isCopy: boolean;
  /** Where it is in the log, as an LSN; null of a replica that replays no log. */
  readonly at: string | null;
}

export async function lookForMark(sql: SqlExecutor, { system, lsn }: WrittenMark): Promise<MarkReached> {
  const [row] = await sql.execute<MarkReached>(
    `select coalesce(s.at >= $2::pg_lsn, false) as reached, s.system = $1 as "isCopy", s.at::text as at
     from (select (select system_identifier from pg_control_system())::text as system,
       case when pg_is_in_recovery() then pg_last_wal_replay_lsn() else pg_current_wal_insert_lsn() end as at) s`,
    [system, lsn],
  );
  return row as MarkReached;
}
