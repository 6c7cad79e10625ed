import type { RecordedEvent } from '@backstory/adapter';
import { checkpointOf, storedCheckpoint } from '../../packages/adapter/src/outbox/checkpoint.js';
import { type DeliverablePage, GapAwareReader } from '../../packages/adapter/src/outbox/gap-aware-reader.js';
import { storedRanges } from '../../packages/adapter/src/outbox/resting-gaps.js';
import { poolDatabase } from '../../packages/adapter/src/connections/pool-database.js';
import { poolOf } from '../../packages/adapter/src/connections/pg-pool.js';
import { type Ledger, openLedger } from '../integration/outbox/ledger.js';
import { type Random, seededRandom, seedOfRun } from '../library/random.js';

const seed = seedOfRun();
const everything = { categories: [], types: [] };
/** From so many on they rest, in place of a thousand. */
const many = 12;
type Checkpoint = ReturnType<typeof checkpointOf>;

describe(`many gaps behind transactions that stay open, seed ${seed}`, () => {
  let ledger: Ledger;
  let writing: number;

  beforeAll(async () => {
    ledger = await openLedger();
    for (let id = 1; id <= 40; id++) await ledger.open(id);
  });

  afterAll(() => ledger.close());

  /** Transactions of one writer, each of which keeps to accounts of its own: they wait for nobody. */
  async function write(
    random: Random,
    first: number,
    transactions: number,
    statements: number,
  ): Promise<void> {
    const runner = ledger.dataSource.createQueryRunner();
    for (let n = 0; n < transactions; n++) {
      await runner.startTransaction();
      for (let count = random.integer(1, statements); count > 0; count--) {
        const savepoint = random.next() < 0.2;
        if (savepoint) await runner.query('savepoint s');
        await runner.query('update account set balance = balance + 1 where id between $1 and $2', [
          first,
          first + random.integer(0, 4),
        ]);
        if (savepoint && random.next() < 0.5) await runner.query('rollback to s');
      }
      await (random.next() < 0.5 ? runner.rollbackTransaction() : runner.commitTransaction());
    }
    await runner.release();
    writing--;
  }

  /** As from a row of the table of consumers. */
  const reread = (checkpoint: Checkpoint): Checkpoint => {
    const [position, gaps] = storedCheckpoint(checkpoint);
    const resting = checkpoint.resting ? storedRanges(checkpoint.resting) : '[]';
    return checkpointOf({
      position,
      gaps: JSON.parse(gaps) as [string, string][],
      resting: JSON.parse(resting) as [string, string][],
    });
  };

  it('pass over no event, give none twice, and keep the order of each stream', async () => {
    const random = seededRandom(seed);
    const database = poolDatabase(poolOf(ledger.dataSource));
    let checkpoint: Checkpoint = { position: 0n, gaps: [] };
    const begin = (): GapAwareReader =>
      new GapAwareReader(database, 'backstory', checkpoint, everything, 40, undefined, many);
    const seen: RecordedEvent[] = [];
    let reader = begin();
    const read = async (): Promise<DeliverablePage> => {
      const page = await reader.next();
      // now and then a worker dies on the way, and another one goes on from what it has stored
      const diesAt =
        page.events.length > 0 && random.next() < 0.05 ? random.integer(1, page.events.length) : 0;
      const handled = diesAt > 0 ? page.events.slice(0, diesAt) : page.events;
      seen.push(...handled);
      const last = handled.at(-1);
      const isWhole = handled.length === page.events.length || !last;
      checkpoint = page.checkpointAt(isWhole ? page.scannedTo : BigInt(last.globalPosition));
      if (diesAt === 0 && random.next() > 0.02) return page;
      checkpoint = reread(checkpoint);
      reader = begin();
      return { ...page, full: true };
    };
    writing = 8;
    const writers = [
      ...[1, 6, 11, 16, 21, 26].map((first) => write(seededRandom(seed + first), first, 150, 3)),
      ...[31, 36].map((first) => write(seededRandom(seed + first), first, 4, 250)),
    ];
    const all = Promise.all(writers);
    while (writing > 0) await read();
    await all;
    // what nobody can fill any more is forgotten by the second look
    for (let quiet = 0; quiet < 4;) {
      const { events, full } = await read();
      quiet = events.length === 0 && !full ? quiet + 1 : 0;
    }
    const log = await ledger.dataSource.query<{ position: string }[]>(
      'select global_position as position from backstory.events order by global_position',
    );
    expect(seen.map(({ globalPosition }) => Number(globalPosition)).sort((a, b) => a - b)).toEqual(
      log.map(({ position }) => Number(position)),
    );
    const ends = new Map<string, number>();
    for (const { streamId, streamPosition } of seen) {
      expect(`${streamId}@${streamPosition}`).toBe(`${streamId}@${(ends.get(streamId) ?? 0) + 1}`);
      ends.set(streamId, streamPosition);
    }
    expect(checkpoint).toMatchObject({ gaps: [] });
    expect(checkpoint.resting).toBeUndefined();
  });
});
