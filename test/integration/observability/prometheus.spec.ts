import { type Backstory, createBackstory, onEvent } from '@backstory/adapter';
import { backstoryMetrics } from '@backstory/adapter/prometheus';
import { Registry } from 'prom-client';
import { Author, Subject } from '../../library/entities.js';
import { type Library, openLibrary } from '../../library/open-library.js';
import { scrape } from './scrape.js';

describe('metrics for Prometheus', () => {
  let library: Library;
  let backstory: Backstory;
  let register: Registry;
  let stop: () => void;

  beforeEach(async () => {
    library = await openLibrary();
    register = new Registry();
  });

  afterEach(async () => {
    stop();
    await backstory.close();
    await library.close();
  });

  async function open(
    options: Parameters<typeof createBackstory>[1] = {},
    cacheMs = 0,
    doctorCacheMs = 0,
  ): Promise<void> {
    backstory = await createBackstory(library.dataSource, options);
    stop = backstoryMetrics(backstory, { register, cacheMs, doctorCacheMs });
  }

  const author = { category: 'author' };
  const save = (name: string): Promise<Author> =>
    library.dataSource.manager.save(Author, { name, home: { street: null, city: null } } as Author);

  it('tells the stage, the backfill, verify and how much there is', async () => {
    await save('before');
    await open({ aggregates: [Author, Subject] });
    const first = await scrape(register);
    expect(first.status).toBe(200);
    expect(first.value('backstory_up')).toBe(1);
    expect(first.value('backstory_stage', { ...author, stage: 'capture' })).toBe(1);
    expect(first.value('backstory_stage', { ...author, stage: 'shadow' })).toBe(0);
    expect(first.value('backstory_backfill_complete', author)).toBe(0);
    expect(first.value('backstory_backfill_rows', author)).toBeUndefined();
    expect(first.value('backstory_last_position')).toBe(0);

    await backstory.backfill();
    await save('after');
    await library.dataSource.query('analyze author');
    await library.dataSource.query(`alter table author disable trigger "00_backstory_update"`);
    await library.dataSource.query(`update author set name = 'unseen' where name = 'after'`);
    await backstory.verify();

    const then = await scrape(register);
    expect(then.value('backstory_backfill_complete', author)).toBe(1);
    expect(then.value('backstory_backfill_rows', author)).toBe(1);
    expect(then.value('backstory_backfill_events', author)).toBe(1);
    expect(then.value('backstory_table_rows_estimate', author)).toBe(2);
    expect(then.value('backstory_events_per_second', author)).toBeCloseTo(2 / 60);
    expect(then.value('backstory_events_per_second', { category: 'subject' })).toBe(0);
    expect(then.value('backstory_last_position')).toBe(2);
    expect(then.value('backstory_events_bytes')).toBeGreaterThan(8192);
    expect(then.value('backstory_verify_drifted', author)).toBe(1);
    expect(then.value('backstory_verify_timestamp_seconds', author)).toBeGreaterThan(Date.now() / 1000 - 600);
    expect(then.value('backstory_differences', { ...author, found_by: 'verify', kind: 'value' })).toBe(1);
    expect(then.value('backstory_findings', { severity: 'fault' })).toBe(1);
  });

  it('counts shadow comparisons, drift, replays and what began at a snapshot', async () => {
    await open({ aggregates: [{ entity: Author, snapshots: { every: 5 } }], stagePollMs: 20 });
    const { id } = await save('a');
    await backstory.backfill();
    await backstory.verify();
    await backstory.stages.set('author', 'shadow');
    const read = (): Promise<Author> => library.dataSource.manager.findOneByOrFail(Author, { id });
    await read();
    await backstory.shadowSettled();
    await library.dataSource.query(`alter table author disable trigger user; update author set name = 'b';
      alter table author enable trigger user`);
    await read();
    await backstory.shadowSettled();
    const shadow = await scrape(register);
    expect(shadow.value('backstory_compared_streams_total', { ...author, outcome: 'equal' })).toBe(1);
    expect(shadow.value('backstory_compared_streams_total', { ...author, outcome: 'drifted' })).toBe(1);
    expect(shadow.value('backstory_compare_seconds_count', { ...author, outcome: 'done' })).toBe(2);
    expect(shadow.value('backstory_shadow_streams', { ...author, outcome: 'compared' })).toBe(2);
    expect(shadow.value('backstory_shadow_streams', { ...author, outcome: 'drifted' })).toBe(1);
    expect(
      shadow.value('backstory_replayed_streams_total', { ...author, begun_at: 'snapshot' }),
    ).toBeUndefined();

    await backstory.repair();
    await backstory.stages.set('author', 'replay', { force: true });
    for (let n = 0; n < 6; n++) await library.dataSource.manager.update(Author, id, { name: `c${n}` });
    await read();
    await backstory.snapshotsSettled();
    await read();
    const events = (await backstory.history('author', String(id))).length;
    const replay = await scrape(register);
    expect(replay.value('backstory_snapshots_taken_total', author)).toBe(1);
    expect(replay.value('backstory_replayed_streams_total', { ...author, begun_at: 'first_event' })).toBe(1);
    expect(replay.value('backstory_replayed_streams_total', { ...author, begun_at: 'snapshot' })).toBe(1);
    expect(replay.value('backstory_replayed_events_total', author)).toBe(events + (events % 5));
    expect(replay.value('backstory_replay_seconds_count', { ...author, outcome: 'done' })).toBe(2);
    expect(replay.value('backstory_unreplayed_streams_total', author)).toBe(0);
    expect(replay.value('backstory_replay_percent', author)).toBe(100);
    await backstory.load(Author, '4711');
    expect((await scrape(register)).value('backstory_unreplayed_streams_total', author)).toBe(1);
  });

  it('tells how far consumers are, and what they could not handle', async () => {
    await open({ aggregates: [Author], consumers: { pollMs: 10 } });
    const handled: string[] = [];
    const handlers = [
      onEvent('AuthorCreated', ({ data }) => {
        if (data['name'] === 'bad') throw new Error('no');
        handled.push(String(data['name']));
      }),
    ];
    backstory.consumers.define({ name: 'mailer', attempts: 1, from: 'beginning', handlers });
    await backstory.consumers.start();
    const mailer = { consumer: 'mailer' };
    expect((await scrape(register)).value('backstory_consumer_running', mailer)).toBe(1);
    // in one batch: what was handled before the one that fails counts
    await library.dataSource.manager.save(
      Author,
      ['good', 'bad'].map((name) => ({ name, home: { street: null, city: null } }) as Author),
    );
    await backstory.consumers.wait('mailer');
    const running = await scrape(register);
    expect(handled).toEqual(['good']);
    expect(running.value('backstory_parked_events', mailer)).toBe(1);
    expect(running.value('backstory_consumer_lag_events', { ...mailer, partition: '0' })).toBe(0);
    expect(running.value('backstory_consumer_failing_seconds', mailer)).toBe(0);
    expect(running.value('backstory_handle_seconds_count', { ...mailer, outcome: 'done' })).toBe(1);
    expect(running.value('backstory_handle_seconds_count', { ...mailer, outcome: 'failed' })).toBe(1);
    expect(running.value('backstory_delivered_events_total', mailer)).toBe(1);

    await backstory.consumers.stop();
    await save('later');
    await save('and later');
    const behind = await scrape(register);
    expect(behind.value('backstory_consumer_running', mailer)).toBe(0);
    expect(behind.value('backstory_consumer_lag_events', mailer)).toBe(2);
    expect(behind.value('backstory_consumer_lag_seconds', mailer)).toBeGreaterThan(0);
    expect(behind.value('backstory_consumer_gaps', mailer)).toBe(0);
  });

  it('counts what fails inside capture, and nothing else, and leaves the error as it is', async () => {
    await open({ aggregates: [Subject] });
    const errors = async (code: string): Promise<number | undefined> =>
      (await scrape(register)).value('backstory_capture_errors_total', { code });
    const insert = `insert into subject (code, label) values ('a', 'b')`;
    await library.dataSource.query(insert);
    await expect(library.dataSource.query(insert)).rejects.toMatchObject({ code: '23505' });
    await library.dataSource.query(
      'alter table backstory.events add constraint no_more check (false) not valid',
    );
    const write = `insert into subject (code, label) values ('c', 'd')`;
    await expect(library.dataSource.query(write)).rejects.toMatchObject({ code: '23514' });
    await expect(
      backstory.runInContext({ actor: 'anna' }, () => library.dataSource.query(write)),
    ).rejects.toMatchObject({ code: '23514' });
    expect(await errors('23514')).toBe(2);
    expect(await errors('23505')).toBeUndefined();
  });

  it('asks the database once for many scrapes, and a scrape never fails for it', async () => {
    await open({ aggregates: [Author] }, 60_000);
    const asked = jest.spyOn(backstory, 'status');
    await Promise.all([scrape(register), scrape(register)]);
    await scrape(register);
    expect(asked).toHaveBeenCalledTimes(1);

    stop();
    stop = backstoryMetrics(backstory, { register, cacheMs: 0 });
    await library.dataSource.query('alter schema backstory rename to elsewhere');
    const broken = await scrape(register);
    expect(broken.status).toBe(200);
    expect(broken.value('backstory_up')).toBe(0);
    expect(broken.value('backstory_last_position')).toBeUndefined();
    expect(broken.text).not.toMatch(/^backstory_stage\{/m);
    await library.dataSource.query('alter schema elsewhere rename to backstory');
    expect((await scrape(register)).value('backstory_up')).toBe(1);
  });

  it('is gone when it was stopped, and may begin again', async () => {
    await open({ aggregates: [Author] });
    stop();
    expect((await scrape(register)).text.trim()).toBe('');
    stop = backstoryMetrics(backstory, { register });
    expect((await scrape(register)).value('backstory_up')).toBe(1);
  });
});
