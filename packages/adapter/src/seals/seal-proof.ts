import { type Database, quoteIdentifier } from '../database/index.js';
import { BackstoryError } from '../errors.js';
import { streamName } from '../event/index.js';
import { blockHash, type SealBlock } from './block.js';
import { gapsOf } from './gaps.js';
import { isMarkedErased } from './is-marked-erased.js';
import { commitmentOf, leafText } from './leaf.js';
import { merklePath, merkleRoot, type MerkleStep, nodeAt } from './merkle-tree.js';
import { encodingCheck, pinForSeals, readSealedEvents } from './read-sealed-events.js';
import { readBlockHeaders } from './seal-block.js';
import { type SealDigest, digestOf } from './seal-digest.js';
import { sealHash } from './seal-hash.js';

/** All that somebody without the database needs to see that an event is in a block: docs/evidence.md has the program. */
export interface SealProof {
  readonly format: 'backstory-proof-1';
  /** What is proven: a JSON array of version, positions, stream, type, kind of change, time, ids, and the commitment to data and metadata. */
  readonly leaf: string;
  /** Null of an event of which values were erased: what is left in its leaf is proven, data and metadata are not. */
  readonly salt: string | null;
  readonly data: string | null;
  readonly metadata: string | null;
  /** From the leaf to the root of the block. */
  readonly path: readonly MerkleStep[];
  readonly block: SealBlock;
  /** As it was written outside, where its hash has to be the same. */
  readonly digest: SealDigest;
}

/**
 * Proves one event. What it gives was checked before.
 * @throws BackstoryError NOT_SEALED for an event that isn't there or isn't sealed yet, SEAL_DIFFERS for one that isn't as it was sealed
 */
export function proveEvent(
  database: Database,
  schema: string,
  category: string,
  streamId: string,
  streamPosition: number,
): Promise<SealProof> {
  const name = `${streamName(category, streamId)}@${streamPosition}`;
  const table = quoteIdentifier(schema);
  return database.snapshot(async (sql) => {
    await pinForSeals(sql);
    const [place] = await sql.execute<{ position: string }>(
      `select global_position as position from ${table}.all_events where category = $1 and stream_id = $2 and stream_position = $3`,
      [category, streamId, streamPosition],
    );
    if (!place)
      throw notSealed(`There is no event ${name}.`, 'Look with "npx backstory history" which there are.');
    const position = BigInt(place.position);
    const [block] = await readBlockHeaders(
      sql,
      schema,
      'where last_position >= $1 order by last_position limit 1',
      [place.position],
    );
    if (!block)
      throw notSealed(
        `The event ${name}, at position ${position}, is not sealed yet.`,
        'Run "npx backstory seal".',
      );
    await (
      await encodingCheck(sql, schema)
    )(position, position);
    const page = await readSealedEvents(sql, schema, position, position);
    const [kept] = await sql.execute<{ salt: string | null; commitment: string }>(
      `select encode(salt, 'hex') as salt, encode(commitment, 'hex') as commitment from ${table}.event_commitments where global_position = $1`,
      [place.position],
    );
    const [stored] = await sql.execute<{ leaves: string }>(
      `select encode(leaves, 'base64') as leaves from ${table}.seal_blocks where number = $1`,
      [block.number],
    );
    const leaves = Buffer.from(stored?.leaves ?? '', 'base64');
    const index = indexOf(block, position);
    const [found] = page.events;
    if (!found || !kept || index === undefined) throw differs(name);
    const { event, metadata } = found;
    const leaf = leafText(event, metadata, kept.commitment);
    const holds =
      sealHash(leaf) === nodeAt(leaves, index) &&
      merkleRoot(leaves).toString('hex') === block.root &&
      blockHash(block) === block.hash &&
      (kept.salt === null ? isMarkedErased(metadata) : commitmentOf(event, kept.salt) === kept.commitment);
    if (!holds) throw differs(name);
    const known = kept.salt !== null;
    return {
      format: 'backstory-proof-1',
      leaf,
      salt: kept.salt,
      data: known ? event.data : null,
      metadata: known ? event.metadata : null,
      path: merklePath(leaves, index),
      block,
      digest: digestOf(block, schema),
    };
  });
}

/** Its place among the leaves; undefined in a gap. */
function indexOf({ from, gaps }: SealBlock, position: bigint): number | undefined {
  let index = position - BigInt(from);
  for (const gap of gapsOf(gaps) ?? []) {
    if (gap.from > position) break;
    if (gap.to >= position) return undefined;
    index -= gap.to - gap.from + 1n;
  }
  return index < 0n ? undefined : Number(index);
}

function notSealed(problem: string, remedy: string): BackstoryError {
  return new BackstoryError('NOT_SEALED', problem, remedy);
}

function differs(name: string): BackstoryError {
  return new BackstoryError(
    'SEAL_DIFFERS',
    `The event ${name} is not as it was sealed: there is nothing to prove.`,
    'Run "npx backstory seal verify" with the digests: it says what differs.',
  );
}
