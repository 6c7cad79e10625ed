import { randomBytes } from 'node:crypto';
import { type Database, quoteIdentifier, type SqlExecutor } from '../database/index.js';
import { BackstoryError } from '../errors.js';
import type { PositionRange } from '../outbox/index.js';
import { beforeTheFirst, blockHash, type SealBlock } from './block.js';
import { gapsText } from './gaps.js';
import { commitmentOf, leafOf } from './leaf.js';
import { merkleRoot } from './merkle-tree.js';
import { PageLength } from './page-length.js';
import {
  encodingCheck,
  type EventAtPosition,
  type EventsPage,
  nextPosition,
  pinForSeals,
  readSealedEvents,
} from './read-sealed-events.js';
import { sealLockSql } from './seal-lock.js';

const saltBytes = 16;
/** Characters of events after which a block ends, however few they are: its transaction stays short. */
const largestBlock = 64_000_000;

interface Begun {
  readonly previous: SealBlock | undefined;
  readonly leaves: string[];
  readonly gaps: PositionRange[];
  /** Up to where it goes so far. */
  to: bigint;
}

/**
 * Seals the next block, in one transaction: events behind the last block, up to a position below which none can appear any more.
 * Sealers take turns, each behind the other. Undefined where there is nothing to seal.
 * @throws BackstoryError SEAL_REFUSED
 */
export function sealBlock(
  database: Database,
  schema: string,
  settled: bigint,
  blockSize: number,
): Promise<SealBlock | undefined> {
  return database.transaction(async (sql) => {
    await pinForSeals(sql);
    await sql.execute(`select ${sealLockSql(schema)}`);
    const previous = await lastBlock(sql, schema);
    const begun: Begun = { previous, leaves: [], gaps: [], to: BigInt(previous?.to ?? 0) };
    const check = await encodingCheck(sql, schema);
    const length = new PageLength();
    for (
      let size = 0, from = begun.to + 1n;
      from <= settled && begun.leaves.length < blockSize && size < largestBlock;
    ) {
      const room = BigInt(blockSize - begun.leaves.length);
      const to = least(settled, from + least(length.positions, room) - 1n);
      await check(from, to);
      const page = await readSealedEvents(sql, schema, from, to);
      length.learn(page);
      size += page.size;
      await commit(sql, schema, page, begun);
      from = page.events.length > 0 ? to + 1n : await nextPosition(sql, schema, to);
    }
    return begun.leaves.length === 0 ? undefined : insertBlock(sql, schema, begun);
  });
}

/** The newest block. */
export async function lastBlock(sql: SqlExecutor, schema: string): Promise<SealBlock | undefined> {
  const [block] = await readBlockHeaders(sql, schema, 'order by number desc limit 1');
  return block;
}

/** Blocks as they stand there; `which` is what comes behind FROM. */
export function readBlockHeaders(
  sql: SqlExecutor,
  schema: string,
  which: string,
  values: readonly unknown[] = [],
): Promise<SealBlock[]> {
  return sql.execute<SealBlock>(
    `select number::float8, first_position::text as "from", last_position::text as "to", events, gaps, ${hex('root')}, ${hex('previous')},
       ${hex('hash')}, ${sealedAtSql} as "sealedAt"
     from ${quoteIdentifier(schema)}.seal_blocks ${which}`,
    values,
  );
}

const hex = (column: string): string => `encode(${column}, 'hex') as ${column}`;
const inUtc = (moment: string): string =>
  `to_char(${moment} at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')`;
const sealedAtSql = inUtc('sealed_at');

async function commit(sql: SqlExecutor, schema: string, { events }: EventsPage, begun: Begun): Promise<void> {
  if (events.length === 0) return;
  const salts = randomBytes(saltBytes * events.length);
  const commitments: string[] = [];
  for (const [index, each] of events.entries()) {
    requireOne(each);
    const { position, event, metadata } = each;
    const salt = salts.toString('hex', index * saltBytes, (index + 1) * saltBytes);
    const commitment = commitmentOf(event, salt);
    commitments.push(commitment);
    begun.leaves.push(leafOf(event, metadata, commitment));
    if (position > begun.to + 1n) begun.gaps.push({ from: begun.to + 1n, to: position - 1n });
    begun.to = position;
  }
  // as three texts, which is a quarter of the time that arrays of bytea take
  await sql
    .execute(
      `insert into ${quoteIdentifier(schema)}.event_commitments (global_position, salt, commitment)
       select p.position, substr(b.salts, (p.n::integer - 1) * ${saltBytes} + 1, ${saltBytes}), substr(b.commitments, (p.n::integer - 1) * 32 + 1, 32)
       from (select decode($2, 'hex') as salts, decode($3, 'hex') as commitments offset 0) b
       cross join unnest($1::bigint[]) with ordinality p (position, n)`,
      [events.map(({ event }) => event.globalPosition), salts.toString('hex'), commitments.join('')],
    )
    .catch((error: unknown) => {
      if ((error as { code?: string }).code !== '23505') throw error;
      throw new BackstoryError(
        'SEAL_REFUSED',
        `Behind the last block there are commitments already, from position ${events[0]?.position} on: blocks were removed.`,
        'Run "npx backstory seal verify" with the digests.',
        { cause: error },
      );
    });
}

function requireOne({ position, others }: EventAtPosition): void {
  if (others === 0) return;
  throw new BackstoryError(
    'SEAL_REFUSED',
    `There are ${others + 1} events at position ${position}, in the log and in its archive: one of them was put there by hand.`,
    'Find out which, and remove it; then seal again.',
  );
}

async function insertBlock(sql: SqlExecutor, schema: string, begun: Begun): Promise<SealBlock> {
  const leaves = Buffer.from(begun.leaves.join(''), 'latin1');
  const [clock] = await sql.execute<{ now: string }>(`select ${inUtc('clock_timestamp()')} as now`);
  const block = {
    number: (begun.previous?.number ?? 0) + 1,
    from: String(BigInt(begun.previous?.to ?? 0) + 1n),
    to: String(begun.to),
    events: begun.leaves.length,
    gaps: gapsText(begun.gaps),
    root: merkleRoot(leaves).toString('hex'),
    previous: begun.previous?.hash ?? beforeTheFirst,
    sealedAt: clock?.now as string,
  };
  const sealed = { ...block, hash: blockHash(block) };
  await sql.execute(
    `insert into ${quoteIdentifier(schema)}.seal_blocks
       (number, first_position, last_position, events, gaps, leaves, root, previous, hash, sealed_at)
     values ($1, $2, $3, $4, $5, decode($6, 'base64'), decode($7, 'hex'), decode($8, 'hex'), decode($9, 'hex'), $10)`,
    [
      sealed.number,
      sealed.from,
      sealed.to,
      sealed.events,
      sealed.gaps,
      leaves.toString('base64'),
      sealed.root,
      sealed.previous,
      sealed.hash,
      sealed.sealedAt,
    ],
  );
  return sealed;
}

const least = (one: bigint, other: bigint): bigint => (one < other ? one : other);
