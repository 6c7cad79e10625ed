import { setTimeout as sleep } from 'node:timers/promises';
import { onEvent } from '@backstory/adapter';
import { startEmbeddedServer } from '@backstory/test/postgres';
import { type Random, seededRandom, seedOfRun } from '../../library/random.js';
import { runCommand } from '../../library/run-command.js';
import { Account, eventually, type Ledger, openLedger, Received } from '../outbox/ledger.js';
import { PublicationReader, type PublishedEvent } from './publication-reader.js';

jest.setTimeout(120_000);

const seed = seedOfRun();

describe(`a publication of the log, seed ${seed}`, () => {
  let server: Awaited<ReturnType<typeof startEmbeddedServer>>;
  let ledger: Ledger;
  let opened: PublicationReader | undefined;

  beforeAll(async () => {
    server = await startEmbeddedServer({
      wal_level: 'logical',
      max_replication_slots: 10,
      max_wal_senders: 10,
    });
    ledger = await openLedger({}, server.url);
    process.env['LEDGER_URL'] = ledger.url;
  });

  afterEach(async () => {
    await opened?.stop();
    opened = undefined;
    await ledger.dataSource.query(
      `select pg_drop_replication_slot(slot_name) from pg_replication_slots where not active`,
    );
  });

  afterAll(async () => {
    await ledger?.close();
    await server?.stop();
  });

  const command = (...argv: string[]): ReturnType<typeof runCommand> =>
    runCommand(...argv, '--data-source', `${__dirname}/../seals/ledger-data-source.ts`);

  async function publish(name: string, ...options: string[]): Promise<void> {
    const { code, err } = await command('publication', '--name', name, ...options, '--apply');
    expect([code, err]).toEqual([0, '']);
    await ledger.dataSource.query(`select pg_create_logical_replication_slot($1, 'pgoutput')`, [name]);
  }

  const read = (name: string): PublicationReader =>
    (opened = new PublicationReader(ledger.dataSource, ledger.url, name)).start();

  it('has the categories that were asked for, without first events, and the columns that readers may rely on', async () => {
    await ledger.dataSource.query(
      `alter table account disable trigger user; insert into account values (1, 5); alter table account enable trigger user`,
    );
    await publish('accounts', '--category', 'account', '--no-backfill');
    const reader = read('accounts');
    await ledger.backstory.backfill();
    await ledger.pay(1);
    await ledger.dataSource.query(`insert into letter values ('a', 'b')`);
    await ledger.open(2);
    await eventually('the last one is there', () => reader.events.length >= 2);
    expect(
      reader.events.map(({ type, stream_id, stream_position }) => [type, stream_id, stream_position]),
    ).toEqual([
      ['AccountUpdated', '1', '2'],
      ['AccountCreated', '2', '1'],
    ]);
    expect(reader.events[0]).toMatchObject({ category: 'account', data: { balance: 6 }, metadata: {} });
    expect([...reader.columns].sort()).toEqual([
      'category',
      'change',
      'data',
      'global_position',
      'metadata',
      'recorded_at',
      'schema_version',
      'stream_id',
      'stream_position',
      'type',
    ]);
  });

  it('is shown before it is made, is made anew with other options, and goes', async () => {
    const shown = await command('publication');
    expect(shown.out).toMatch(
      /^CREATE PUBLICATION "backstory" FOR TABLE "backstory".events \(.*WITH \(publish = 'insert'\);$/m,
    );
    const published = (): Promise<unknown> =>
      ledger.dataSource.query(`select pubname from pg_publication where pubname = 'backstory'`);
    expect(await published()).toEqual([]);
    expect((await command('publication', '--apply')).code).toBe(0);
    expect((await command('publication', '--apply', '--category', 'letter')).out).toMatch(
      /^ALTER PUBLICATION "backstory" SET TABLE .*'letter'/m,
    );
    expect(await command('publication', '--category', 'nobody')).toMatchObject({
      code: 1,
      err: expect.stringContaining('Nothing is captured or appended under the category "nobody"') as string,
    });
    expect((await command('publication', '--drop', '--apply')).code).toBe(0);
    expect(await published()).toEqual([]);
  });

  it('has each event once in the order of its stream, as a consumer has, beside writers, rollbacks, archive, erasure and cut connections', async () => {
    await publish('everything');
    const reader = read('everything');
    const received = new Received();
    ledger.backstory.consumers.define({
      name: 'ours',
      from: 'now',
      handlers: [onEvent({ categories: 'all' }, received.handle)],
    });
    await ledger.backstory.consumers.start();
    await ledger.dataSource.query(`insert into letter values ('m101', 'to be erased')`);
    let writing = true;
    const writers = Array.from({ length: 8 }, (_, writer) =>
      write(seededRandom(seed + writer), () => writing),
    );
    for (let n = 0; n < 12; n++) {
      await sleep(150);
      await reader.cut();
      if (n === 3) await ledger.backstory.archive.move({ before: new Date(Date.now() + 60_000), events: 2 });
      if (n === 6) await ledger.backstory.archive.restore();
      if (n === 9) await ledger.backstory.erase('letter', 'm101', { properties: ['text'] });
    }
    writing = false;
    await Promise.all(writers);
    const [{ last }] = await ledger.dataSource.query(
      'select max(global_position) as last from backstory.events',
    );
    await ledger.backstory.consumers.wait('ours');
    await eventually('the reader has read all', () =>
      reader.events.some(({ global_position }) => global_position === last),
    );
    expect(disorderOf(reader.events)).toEqual([]);
    // the archive has put events back from before there was a slot
    const since = reader.events.filter(({ stream_id }) => !['1', '2', 'a'].includes(stream_id));
    expect(since.length).toBeLessThan(reader.events.length);
    expect(sorted(firstOf(since))).toEqual(
      sorted(
        received.events.map((event) => [
          `${event.category}-${event.streamId}`,
          event.streamPosition,
          event.type,
        ]),
      ),
    );
    expect(received.events.length).toBeGreaterThan(20);
    expect(reader.events.some(({ metadata }) => metadata['origin'] === 'archive')).toBe(false);
    expect(reader.events.find(({ type }) => type === 'LetterErased')).toMatchObject({ stream_id: 'm101' });
    await ledger.backstory.consumers.stop();
  });

  /** One transaction after another, some of which are rolled back, until it is told to end. */
  async function write(random: Random, goesOn: () => boolean): Promise<void> {
    while (goesOn()) {
      await ledger.dataSource
        .transaction(async (manager) => {
          for (let n = random.integer(1, 3); n > 0; n--) {
            const id = random.integer(101, 160);
            const text = `x${random.integer(1, 9)}`;
            if (random.next() < 0.15) await manager.delete(Account, { id });
            else if (random.next() < 0.6)
              await manager.upsert(Account, { id, balance: random.integer(0, 99) }, ['id']);
            else
              await manager.query(
                `insert into letter values ($1, $2) on conflict (id) do update set text = $2`,
                [`m${id}`, text],
              );
          }
          if (random.next() < 0.2) throw new Error('undo');
        })
        .catch((error: Error & { code?: string }) => {
          if (error.message !== 'undo' && error.code !== '40P01') throw error;
        });
      await sleep(5);
    }
  }

  it('is watched by doctor: a slot that lags is named, with what to do', async () => {
    await publish('lagging');
    const found = async (): Promise<string[]> =>
      (await ledger.backstory.doctor()).map(({ problem }) => problem).filter((each) => each.includes('slot'));
    expect(await found()).toEqual([]);
    await ledger.dataSource.query(
      `select pg_logical_emit_message(false, 'filler', repeat('x', 50000000)) from generate_series(1, 22)`,
    );
    expect(await found()).toEqual([
      expect.stringMatching(
        /^replication slot "lagging" keeps 1\d\d\d MB of the write-ahead log, and nobody reads from it$/,
      ),
    ]);
  });
});

/** As whoever takes each event once has them: repeated ones, after a cut, are left out. */
function firstOf(events: readonly PublishedEvent[]): (string | number)[][] {
  const seen = new Set<string>();
  return events.flatMap(({ category, stream_id, stream_position, type }) => {
    const id = `${category}-${stream_id}@${stream_position}`;
    if (seen.has(id)) return [];
    seen.add(id);
    return [[`${category}-${stream_id}`, Number(stream_position), type]];
  });
}

/** Where an event came before the one of its stream that it follows. */
function disorderOf(events: readonly PublishedEvent[]): string[] {
  const last = new Map<string, number>();
  return events.flatMap(({ category, stream_id, stream_position }) => {
    const stream = `${category}-${stream_id}`;
    const before = last.get(stream) ?? 0;
    const position = Number(stream_position);
    last.set(stream, Math.max(before, position));
    return position > before + 1 ? [`${stream}: ${position} after ${before}`] : [];
  });
}

function sorted(events: (string | number)[][]): string[] {
  return events.map((event) => JSON.stringify(event)).sort();
}
