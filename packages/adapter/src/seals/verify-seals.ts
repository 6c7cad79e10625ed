import { type Database, estimateRows, quoteIdentifier, type SqlExecutor } from '../database/index.js';
import type { ProgressOptions } from '../observation/index.js';
import type { SealBlock } from './block.js';
import { type DigestSource, readDigests } from './digest-target.js';
import { compareSealedEvents } from './compare-sealed-events.js';
import { notSealed } from './not-sealed.js';
import { PageLength } from './page-length.js';
import { pinForSeals } from './read-sealed-events.js';
import { SealChain } from './seal-chain.js';
import type { SealDifference } from './seal-difference.js';
import { readBlockHeaders } from './seal-block.js';
import { BlockVerification } from './verify-block.js';

/** What it hears of are sealed events; the total is PostgreSQL's estimate. */
export interface SealVerifyOptions extends ProgressOptions {
  /**
   * The digests that were kept outside. Without them it is only seen whether the database agrees with itself: who may write to its
   * tables could have made all seals anew.
   */
  digest?: DigestSource;
  /** Differences to list; all are counted. @defaultValue 20 */
  limit?: number;
}

/** Whether what is sealed is as it was sealed. */
export interface SealVerification {
  /** Nothing differs, of what is sealed; and where digests were given, they prove all of it. Never where it was stopped. */
  readonly clean: boolean;
  readonly blocks: number;
  readonly events: number;
  /** Up to which position, and when, the log was sealed. Of what comes behind it nothing is said. */
  readonly sealed: { readonly to: string; readonly at: string };
  /** Events behind it. */
  readonly unsealed: number;
  /**
   * Events of which values were erased: their type, time, position and ids are as they were sealed. Of what else is left in their data
   * and metadata nothing is proven, nor what was erased.
   */
  readonly erased: number;
  /** States that stand for archived events in the log. They are no events, and not sealed: `npx backstory verify` compares them with the rows. */
  readonly standIns: number;
  /** Digests that were compared, and up to which position they prove it; null where none were given. */
  readonly digests: {
    readonly compared: number;
    readonly to: string;
    /** Whether that is all that is sealed. Behind it somebody could have made the seals anew. */
    readonly complete: boolean;
    /** Lines of the file that are no digests, such as one that was cut. */
    readonly unreadable: number;
  } | null;
  /** How many differences there are. */
  readonly differing: number;
  /** The first of them, in the order of positions. */
  readonly differences: readonly SealDifference[];
  /** It was stopped by its signal: `sealed` says up to where it has come, `unsealed` is 0, and of all behind it nothing is said. */
  readonly stopped?: true;
}

/** Positions that are read in one snapshot with the commitments of their events, unless a block is larger. */
const atOnce = 20_000;

/**
 * Compares every sealed event with its seal, every block with the one before it, and the blocks with the digests from outside.
 * Reads on beside live traffic; an event that is moved to the archive meanwhile is seen where it is.
 * @throws BackstoryError NOT_SEALED where there is nothing to compare, DIGEST_UNREADABLE, SEAL_REFUSED
 */
export async function verifySeals(
  database: Database,
  schema: string,
  { digest, limit = 20, onProgress, signal }: SealVerifyOptions,
): Promise<SealVerification> {
  const found = digest === undefined ? undefined : await readDigests(digest);
  const digests = found?.digests;
  const differences: SealDifference[] = [];
  let differing = 0;
  const differs = (difference: SealDifference): void => {
    differing++;
    if (differences.length < limit) differences.push(difference);
  };
  const chain = new SealChain(digests, differs);
  const totals = { blocks: 0, events: 0, erased: 0, standIns: 0 };
  const length = new PageLength();
  const total = onProgress && (await estimatedEvents(database, schema));
  const heard = (): void =>
    onProgress?.({ done: totals.events, unit: 'events', ...(total !== undefined && { total }) });
  heard();
  let stopped = false;
  for (let done = false; !done;) {
    if (signal?.aborted) {
      stopped = true;
      break;
    }
    done = await database.snapshot(async (sql) => {
      await pinForSeals(sql);
      const parts = await nextBlocks(sql, schema, chain.last?.number ?? 0);
      // before the first block there is nothing, not even below the first position
      const behind = chain.last ? BigInt(chain.last.to) : -(2n ** 63n);
      const last = parts.at(-1);
      if (!last) {
        await nothingBehind(sql, schema, chain, differs);
        return true;
      }
      for (const { block } of parts) chain.add(block);
      const verifications = parts.map(({ block, leaves }) => new BlockVerification(block, leaves, differs));
      await compareSealedEvents(sql, schema, verifications, behind, length);
      for (const { block, erased, standIns } of verifications) {
        totals.blocks++;
        totals.events += block.events;
        totals.erased += erased;
        totals.standIns += standIns;
      }
      heard();
      return false;
    });
  }
  const compared = stopped ? chain.soFar() : chain.end();
  if (!stopped && !chain.last && differing === 0) throw notSealed();
  const to = chain.last?.to ?? '0';
  if (!stopped && digest !== undefined && chain.last && compared.to !== to) {
    // one that was sealed meanwhile has its digest by now, and the last is enough
    const now = await readDigests(digest);
    const { number, hash } = chain.last;
    if (chain.agrees && now.digests.some((each) => each.block === number && each.hash === hash))
      compared.to = to;
  }
  const complete = !stopped && compared.to === to;
  return {
    clean: !stopped && differing === 0 && (!digests || complete),
    ...totals,
    sealed: { to, at: chain.last?.sealedAt ?? '' },
    unsealed: stopped ? 0 : await countBehind(database, schema, to),
    digests: found ? { ...compared, complete, unreadable: found.unreadable } : null,
    differing,
    differences: differences.sort(byPosition),
    ...(stopped && { stopped }),
  };
}

async function estimatedEvents(sql: SqlExecutor, schema: string): Promise<number | undefined> {
  const [table] = await sql.execute<{ oid: number }>('select $1::regclass::oid as oid', [
    `${quoteIdentifier(schema)}.event_commitments`,
  ]);
  return table && estimateRows(sql, [table.oid]);
}

function byPosition(one: SealDifference, other: SealDifference): number {
  const [a, b] = [BigInt(one.position ?? 0), BigInt(other.position ?? 0)];
  return a < b ? -1 : a > b ? 1 : 0;
}

async function nextBlocks(
  sql: SqlExecutor,
  schema: string,
  behind: number,
): Promise<{ block: SealBlock; leaves: Buffer }[]> {
  const blocks = await readBlockHeaders(sql, schema, 'where number > $1 order by number limit 500', [behind]);
  let events = 0;
  const chosen = blocks.filter((block, index) => (events += block.events) <= atOnce || index === 0);
  const rows = await sql.execute<{ number: number; leaves: string }>(
    `select number::float8 as number, encode(leaves, 'base64') as leaves from ${quoteIdentifier(schema)}.seal_blocks
     where number between $1 and $2`,
    [chosen[0]?.number ?? 0, chosen.at(-1)?.number ?? 0],
  );
  const leaves = new Map(rows.map((row) => [row.number, Buffer.from(row.leaves, 'base64')]));
  return chosen.map((block) => ({ block, leaves: leaves.get(block.number) ?? Buffer.alloc(0) }));
}

/** Commitments are written with their block. */
async function nothingBehind(
  sql: SqlExecutor,
  schema: string,
  { last }: SealChain,
  differs: (difference: SealDifference) => void,
): Promise<void> {
  const [row] = await sql.execute<{ position: string | null }>(
    `select min(global_position) as position from ${quoteIdentifier(schema)}.event_commitments where global_position > $1`,
    [last?.to ?? '0'],
  );
  if (!row?.position) return;
  const problem = `blocks are gone: commitments from position ${row.position} on belong to none`;
  differs({ kind: 'block', position: row.position, block: (last?.number ?? 0) + 1, problem });
}

async function countBehind(sql: SqlExecutor, schema: string, position: string): Promise<number> {
  const name = quoteIdentifier(schema);
  const [row] = await sql.execute<{ events: number }>(
    `select ((select count(*) from ${name}.events where global_position > $1)
      + (select count(*) from ${name}.archived_events a where a.global_position > $1 and not exists (
           select from ${name}.events e where e.global_position = a.global_position)))::float8 as events`,
    [position],
  );
  return row?.events ?? 0;
}
