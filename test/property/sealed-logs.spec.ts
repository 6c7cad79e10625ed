import { setTimeout as sleep } from 'node:timers/promises';
import { openSealedLedger, type SealedLedger } from '../integration/seals/sealed-ledger.js';
import { type Random, seededRandom, seedOfRun } from '../library/random.js';

const seed = seedOfRun();
const future = new Date(Date.now() + 86_400_000);
const wanted =
  '(select *, false as archived from backstory.events union all select *, true from backstory.archived_events)';

interface SealedEvent {
  readonly global_position: string;
  readonly archived: boolean;
}

describe(`a log that is sealed while it is written and archived, seed ${seed}`, () => {
  let ledger: SealedLedger;

  beforeAll(async () => {
    ledger = await openSealedLedger();
  });

  afterAll(() => ledger.close());

  it('is sealed whole, and whatever is changed of it at random is found where it is', async () => {
    const { backstory, dataSource, digest } = ledger;
    const random = seededRandom(seed);
    let writing = true;
    for (let id = 1; id <= 12; id++) await ledger.open(id);
    const sealing = (async () => {
      const own = seededRandom(seed + 100);
      while (writing) {
        await backstory.seals.seal({ digest, blockSize: own.integer(1, 40), patienceMs: own.integer(0, 40) });
        expect(await ledger.verify()).toMatchObject({ clean: true });
        await sleep(own.integer(0, 20));
      }
    })();
    const archiving = (async () => {
      while (writing) {
        await backstory.archive.move({ before: future, events: 4 });
        if (random.next() < 0.3) await backstory.archive.restore();
        await sleep(random.integer(0, 100));
      }
    })();
    const writers = Promise.all(
      Array.from({ length: 6 }, (_, n) => write(seededRandom(seed + n + 1))),
    ).finally(() => (writing = false));
    await Promise.all([writers, sealing, archiving]);
    await backstory.seals.seal({ digest, patienceMs: 10_000 });
    const report = await ledger.verify();
    expect(report).toMatchObject({ clean: true, unsealed: 0 });
    const [log] = await dataSource.query<{ events: number }[]>(
      `select count(distinct global_position)::integer as events from ${wanted} e`,
    );
    expect(report.events).toBe(log?.events);
    await dataSource.query('alter table backstory.events alter global_position drop identity');
    await ledger.keep();
    for (let round = 0; round < 60; round++) {
      const [event] = await dataSource.query<SealedEvent[]>(
        `select global_position, archived from ${wanted} e
         where archived or not backstory.is_stand_in(metadata) order by md5(global_position::text || $1) limit 1`,
        [String(random.integer(0, 1_000_000))],
      );
      const { statement, position } = tampering(random, event as SealedEvent);
      await ledger.tamper(statement);
      const [first] = (await ledger.verify()).differences;
      expect([statement, first?.position]).toEqual([statement, position]);
      await ledger.restore();
    }
    expect(await ledger.verify()).toMatchObject({ clean: true });
  }, 240_000);

  /** Transactions of several events, some of them long, some rolled back. */
  async function write(random: Random): Promise<void> {
    for (let n = 0; n < 30; n++) {
      const runner = ledger.dataSource.createQueryRunner();
      await runner.startTransaction();
      const first = random.integer(1, 6);
      for (let id = first; id <= first + random.integer(0, 3); id++) {
        await runner.query('update account set balance = balance + $2 where id = $1', [
          id,
          random.integer(1, 999),
        ]);
        await sleep(random.integer(0, 10));
      }
      await (random.next() < 0.2 ? runner.rollbackTransaction() : runner.commitTransaction());
      await runner.release();
    }
  }
});

/** One change of one event, and the position at which it has to be told. */
function tampering(
  random: Random,
  { global_position, archived }: SealedEvent,
): { statement: string; position: string } {
  const table = `backstory.${archived ? 'archived_events' : 'events'}`;
  const set = (change: string): string =>
    `update ${table} set ${change} where global_position = ${global_position}`;
  const statements = [
    set(`data = '{"balance": ${random.integer(1_000, 1_000_000)}}'`),
    set(`metadata = metadata || '{"actor": "${random.integer(1, 9)}"}'`),
    set(`metadata = metadata || '{"causationId": "${random.integer(1, 9)}"}'`),
    set(`type = type || 'X'`),
    set(`stream_id = stream_id || '9'`),
    set(`stream_position = stream_position + 100000`),
    set(`recorded_at = recorded_at - interval '${random.integer(1, 999)} microseconds'`),
    set(`schema_version = schema_version + 1`),
    set(`global_position = global_position + 1000000`),
    `delete from ${table} where global_position = ${global_position}`,
    `update backstory.event_commitments set salt = sha256(salt) where global_position = ${global_position}`,
    `update backstory.event_commitments set salt = null where global_position = ${global_position}`,
  ];
  return {
    statement: statements[random.integer(0, statements.length - 1)] as string,
    position: global_position,
  };
}
