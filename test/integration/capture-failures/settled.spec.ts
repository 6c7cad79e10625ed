import { createBackstory } from '@backstory/adapter';
import { backstoryMetrics } from '@backstory/adapter/prometheus';
import { Registry } from 'prom-client';
import { DataSource } from 'typeorm';
import { unseen } from '../../library/unseen.js';
import { scrape } from '../observability/scrape.js';
import { Note, type Notes, openNotes } from './notes.js';

describe('failures of capture, until they are settled', () => {
  let notes: Notes;

  beforeEach(async () => {
    notes = await openNotes('record');
  });

  afterEach(() => notes.close());

  const settled = async (): Promise<boolean[]> => (await notes.failures()).map((failure) => failure.settled);

  /** A write without an event that a later one has made good: nothing differs. */
  async function failWithoutDrift(): Promise<void> {
    await notes.breakCapture();
    await notes.query(`update note set body = body || '.' where id = 2`);
    await notes.mendCapture();
    await notes.query(`update note set body = rtrim(body, '.') where id = 2`);
  }

  it.each([{ sample: 0.999_999 }, { sinceLast: true }, { streamIds: ['1'] }])(
    'a verify of %j settles none, and is not clean',
    async (options) => {
      await failWithoutDrift();
      expect(await notes.backstory.verify({ aggregates: ['note'], ...options })).toMatchObject({
        clean: false,
        aggregates: [{ drifted: 0, captureFailures: { statements: 1 } }],
      });
      expect(await settled()).toEqual([false]);
      expect(await notes.backstory.verify()).toMatchObject({ clean: true });
      expect(await settled()).toEqual([true]);
    },
  );

  it('a verify that finds something settles none, also of another cause', async () => {
    await failWithoutDrift();
    await notes.query('alter table note disable trigger "00_backstory_update"');
    await notes.query(`update note set body = 'x' where id = 1`);
    await notes.query('alter table note enable trigger "00_backstory_update"');
    expect(await notes.backstory.verify()).toMatchObject({ clean: false });
    expect(await settled()).toEqual([false]);
  });

  it('one that commits while a verify compares is not settled by it', async () => {
    const writer = notes.dataSource.createQueryRunner();
    await writer.startTransaction();
    await notes.breakCapture();
    await writer.query(`update note set body = 'x' where id = 1`);
    await notes.mendCapture();
    // the comparison hears of its rows within its snapshot
    let told = false;
    const report = await notes.backstory.verify({
      onProgress: () => {
        if (told) return;
        told = true;
        void writer.commitTransaction();
      },
    });
    expect(told).toBe(true);
    expect(report.aggregates).toMatchObject([{ drifted: 0 }]);
    while (writer.isTransactionActive) await new Promise((resolve) => setTimeout(resolve, 5));
    await writer.release();
    expect(await settled()).toEqual([false]);
    expect(await notes.backstory.verify()).toMatchObject({ clean: false, aggregates: [{ drifted: 1 }] });
    await notes.backstory.repair();
    expect(await notes.backstory.verify()).toMatchObject({ clean: true });
    expect(await settled()).toEqual([true]);
  });

  it('a stage waits for a transaction that has recorded one, and is refused for it', async () => {
    await notes.backstory.stages.set('note', 'shadow');
    await notes.breakCapture();
    const writer = notes.dataSource.createQueryRunner();
    await writer.startTransaction();
    await writer.query(`update note set body = 'x' where id = 1`);
    const move = notes.backstory.stages.set('note', 'replay');
    const refused = expect(move).rejects.toMatchObject({
      code: 'STAGE_REFUSED',
      reasons: expect.arrayContaining([expect.stringContaining('1 statement')]) as string[],
    });
    while (!(await isWaiting())) await new Promise((resolve) => setTimeout(resolve, 5));
    await writer.commitTransaction();
    await writer.release();
    await refused;
    expect(await notes.backstory.stages.get('note')).toBe('shadow');
  });

  async function isWaiting(): Promise<boolean> {
    const [found] = await notes.query<{ waiting: boolean }>(
      `select exists (select from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock') as waiting`,
    );
    return found?.waiting === true;
  }

  it('metrics and the dashboard have them', async () => {
    await notes.breakCapture();
    await notes.query(`update note set body = 'x' where id = 1`);
    await notes.query(`update note set body = 'y' where id = 1`);
    const register = new Registry();
    const stop = backstoryMetrics(notes.backstory, { register, cacheMs: 0, doctorCacheMs: 0 });
    const at = (await scrape(register)).value('backstory_capture_failures_unsettled', { category: 'note' });
    expect(at).toBe(2);
    await notes.mendCapture();
    await notes.backstory.repair();
    await notes.backstory.verify();
    expect((await scrape(register)).value('backstory_capture_failures_unsettled', { category: 'note' })).toBe(
      0,
    );
    stop();
  });

  it('a warning is counted as an error of capture, and mends what is out of date', async () => {
    const register = new Registry();
    const stop = backstoryMetrics(notes.backstory, { register });
    await notes.query(`select setval(pg_get_serial_sequence('backstory.events', 'global_position'), 1)`);
    await notes.query(`update note set body = 'x' where id = 1`);
    expect((await scrape(register)).value('backstory_capture_errors_total', { code: '23505' })).toBe(1);
    // mended in the background, by the warning
    const isBehind = async (): Promise<boolean> =>
      (await notes.backstory.doctor()).some(({ problem }) => problem.includes('sequence'));
    while (await isBehind()) await new Promise((resolve) => setTimeout(resolve, 10));
    await notes.query(`update note set body = 'y' where id = 1`);
    expect(await notes.failures()).toHaveLength(1);
    stop();
  });

  it('another policy makes the functions anew, and a restart of a release that said otherwise changes nothing', async () => {
    const start = async (whenCaptureFails?: 'fail' | 'record', narrow = false): Promise<string[]> => {
      const dataSource = await new DataSource({
        type: 'postgres',
        url: notes.library.url,
        entities: [Note],
      }).initialize();
      const backstory = await createBackstory(dataSource, {
        aggregates: [{ entity: Note, ...(whenCaptureFails && { whenCaptureFails }) }],
      });
      if (narrow) await backstory.install({ narrow });
      const found = (await backstory.doctor()).map(({ problem }) => problem);
      await backstory.close();
      await dataSource.destroy();
      return found;
    };
    const goesOn = async (): Promise<boolean> => {
      await notes.breakCapture();
      const goes = await notes.query(`update note set body = body || '.'`).then(
        () => true,
        () => false,
      );
      await notes.mendCapture();
      return goes;
    };
    expect(await goesOn()).toBe(true);
    await notes.backstory.repair();
    await notes.backstory.verify();
    expect(await start('fail')).toEqual([]);
    expect(await goesOn()).toBe(false);
    expect(await notes.backstory.status()).toMatchObject([{ verified: { outdated: false } }]);
    // the release of before starts again
    expect(await start('record')).toEqual([expect.stringContaining('says that a write goes on')]);
    expect(await goesOn()).toBe(false);
    // one that says nothing has not been here
    expect(await start()).toEqual([]);
    expect(await goesOn()).toBe(false);
    expect(await start('record', true)).toEqual([]);
    expect(await goesOn()).toBe(true);
  });

  it('functions that an older version has made anew are found and put right', async () => {
    await notes.query(`update backstory.aggregates set installed_at = now(), recording_since = null`);
    const found = async (): Promise<string[]> =>
      (await notes.backstory.doctor()).map(({ problem }) => problem);
    expect(await found()).toEqual([expect.stringContaining('and it is to go on')]);
    await notes.backstory.install();
    expect(await found()).toEqual([]);
  });

  it('and rows are not made what the events say where a write went on without one', async () => {
    await notes.breakCapture();
    await notes.query(`update note set body = 'x' where id = 1`);
    await notes.mendCapture();
    await unseen(notes.dataSource, `update note set body = 'spoilt' where id = 2`);
    const repair = (streamId: string, dryRun = false): Promise<unknown> =>
      notes.backstory.repair({ aggregates: ['note'], truth: 'events', streamIds: [streamId], dryRun });
    for (const dryRun of [true, false])
      await expect(repair('1', dryRun)).rejects.toMatchObject({
        code: 'REPAIR_FAILED',
        message: expect.stringContaining('a write of note-1 went on without its event') as string,
      });
    await expect(notes.backstory.repair({ aggregates: ['note'], truth: 'events' })).rejects.toThrow('note-1');
    // another stream's row may be
    await repair('2');
    expect(await notes.bodies()).toEqual(['1 x', '2 b']);
    await notes.backstory.repair({ aggregates: ['note'] });
    expect(await notes.backstory.verify()).toMatchObject({ clean: true });
    await unseen(notes.dataSource, `update note set body = 'spoilt' where id = 1`);
    await repair('1');
    expect(await notes.bodies()).toEqual(['1 x', '2 b']);
  });

  it('and no row is made what its events say while a write is told of whose streams nobody knows', async () => {
    await notes.breakCapture();
    await notes.query(`insert into note select n, 'many' from generate_series(3, 203) n`);
    await notes.mendCapture();
    await unseen(notes.dataSource, `update note set body = 'spoilt' where id = 2`);
    await expect(
      notes.backstory.repair({ aggregates: ['note'], truth: 'events', streamIds: ['2'] }),
    ).rejects.toThrow('a write of "note", perhaps of 2, went on without its event');
  });

  it('are told with their moments in whatever form the sessions have dates', async () => {
    await notes.breakCapture();
    await notes.query(`update note set body = 'x' where id = 1`);
    const [{ ms }] = (await notes.query(
      `select floor(extract(epoch from at) * 1000)::float8 as ms from backstory.capture_failures`,
    )) as [{ ms: number }];
    await notes.query(
      `alter database ${new URL(notes.library.url).pathname.slice(1)} set datestyle = 'SQL, DMY'`,
    );
    const dataSource = await new DataSource({
      type: 'postgres',
      url: notes.library.url,
      entities: [Note],
    }).initialize();
    const backstory = await createBackstory(dataSource, {
      aggregates: [{ entity: Note, whenCaptureFails: 'record' }],
    });
    const [{ captureFailures } = {}] = await backstory.status();
    expect(captureFailures?.lastAt.getTime()).toBe(ms);
    await backstory.close();
    await dataSource.destroy();
  });
});
