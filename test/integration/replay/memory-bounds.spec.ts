import { channel } from 'node:diagnostics_channel';
import {
  type Backstory,
  type BackstoryOptions,
  createBackstory,
  InvalidOptionsError,
} from '@backstory/adapter';
import { backstoryMetrics } from '@backstory/adapter/prometheus';
import { Registry } from 'prom-client';
import { DataSource } from 'typeorm';
import { entities, Subject } from '../../library/entities.js';
import { type Library, openLibrary } from '../../library/open-library.js';
import { scrape } from '../observability/scrape.js';

interface Replay {
  readonly streams: number;
  readonly events: number;
  readonly fromMemory: number;
}

describe('the bounds of what is kept in memory', () => {
  let library: Library;
  let plain: DataSource;
  let backstory: Backstory | undefined;
  let replays: Replay[];
  const note = (operation: unknown): void => {
    const { name, onEnd } = operation as {
      name: string;
      onEnd: (listen: (end: { attributes: Replay }) => void) => void;
    };
    if (name === 'replay') onEnd(({ attributes }) => replays.push(attributes));
  };

  beforeEach(async () => {
    library = await openLibrary();
    plain = await new DataSource({ type: 'postgres', url: library.url, entities }).initialize();
    replays = [];
    channel('backstory:operation').subscribe(note);
  });

  afterEach(async () => {
    channel('backstory:operation').unsubscribe(note);
    await backstory?.close();
    backstory = undefined;
    await plain.destroy();
    await library.close();
  });

  async function open(options: BackstoryOptions = {}): Promise<Backstory> {
    backstory = await createBackstory(library.dataSource, options);
    for (const { category } of await backstory.status())
      await backstory.stages.set(category, 'replay', { force: true });
    return backstory;
  }

  const subjects = (count: number, label = 'S'): Promise<unknown> =>
    plain.query(`insert into subject (code, label) select 's' || n, $2 from generate_series(1, $1::int) n`, [
      count,
      label,
    ]);
  const list = (): Promise<Subject[]> => library.dataSource.manager.find(Subject, { order: { code: 1 } });
  const one = (code: string): Promise<Subject | null> =>
    library.dataSource.manager.findOneBy(Subject, { code });
  /** How many streams of the last read were found. */
  const found = (): number | undefined => replays.at(-1)?.fromMemory;
  async function warm(read: () => Promise<unknown>): Promise<void> {
    for (let n = 0; n < 12; n++) await read();
  }

  it.each([
    ['entries', { entries: 10 }, 10],
    ['megabytes', { megabytes: 0.02 }, 20],
  ])('are no more than %s allow', async (_, cache, most) => {
    await open({ replay: { cache } });
    await subjects(100, 'x'.repeat(300));
    expect(await list()).toHaveLength(100);
    expect(await list()).toHaveLength(100);
    expect(found()).toBeLessThanOrEqual(most);
    expect((await list()).every(({ label }) => label.length === 300)).toBe(true);
    for (const code of ['s1', 's2', 's3']) await one(code);
    const before = replays.length;
    for (const code of ['s1', 's2', 's3']) await backstory!.load(Subject, code);
    expect(replays.slice(before).map(({ fromMemory }) => fromMemory)).toEqual([1, 1, 1]);
  });

  it('are not those that are larger than all of them may be', async () => {
    await open({ replay: { cache: { megabytes: 0.01 } } });
    await subjects(1, 'x'.repeat(20_000));
    for (let n = 0; n < 3; n++) expect((await list())[0]?.label).toHaveLength(20_000);
    expect(found()).toBe(0);
  });

  it('are none where it is switched off, and none that cannot be replayed', async () => {
    await open({ replay: { cache: false } });
    await subjects(2);
    await warm(list);
    expect(replays.every(({ fromMemory, events }) => fromMemory === 0 && events === 2)).toBe(true);
    await backstory!.close();
    await open();
    await plain.query(`
      set session_replication_role = replica;
      insert into backstory.events (stream_position, change, category, stream_id, type, data)
      values (5, 'u', 'subject', 's1', 'SubjectUpdated', '{"label":"torn"}');
      set session_replication_role = origin`);
    replays.length = 0;
    await warm(list);
    expect(replays[0]).toMatchObject({ streams: 1, fromMemory: 0 });
    expect(replays.at(-1)).toMatchObject({ streams: 1, fromMemory: 1 });
    expect((await list()).map(({ label }) => label)).toEqual(['S', 'S']);
  });

  it('are not kept of what an upcaster makes that is no JSON', async () => {
    const first = await createBackstory(library.dataSource);
    await subjects(1);
    await first.close();
    const made = { toString: () => 'made' };
    await open({
      aggregates: [
        {
          entity: Subject,
          schemaVersion: 2,
          upcasters: { '*': { 1: (data) => ({ ...data, label: Object.assign(new Date(0), made) }) } },
        },
      ],
    });
    for (let n = 0; n < 5; n++) expect((await list())[0]?.label).toBe('made');
    expect(await backstory!.load(Subject, 's1')).toMatchObject({ label: 'made' });
    expect(replays.every(({ fromMemory }) => fromMemory === 0)).toBe(true);
  });

  it('are counted in metrics', async () => {
    const now = await open({ aggregates: [Subject] });
    const register = new Registry();
    const stop = backstoryMetrics(now, { register, cacheMs: 0, doctorCacheMs: 0 });
    await subjects(3);
    await list();
    await list();
    const { value } = await scrape(register);
    stop();
    const of = (begun_at: string) =>
      value('backstory_replayed_streams_total', { category: 'subject', begun_at });
    expect([of('memory'), of('snapshot'), of('first_event')]).toEqual([3, 0, 3]);
    expect(value('backstory_replayed_events_total', { category: 'subject' })).toBe(3);
  });

  it.each<[unknown, RegExp]>([
    [true, /replay\.cache true is no size/],
    [5, /replay\.cache 5 is no size/],
    [null, /replay\.cache null is no size/],
    [{ entries: 0 }, /replay\.cache\.entries 0 is no number of states/],
    [{ entries: 1.5 }, /replay\.cache\.entries 1\.5/],
    [{ entries: '10' }, /replay\.cache\.entries "10"/],
    [{ entries: 1e9 }, /replay\.cache\.entries 1000000000/],
    [{ megabytes: 0 }, /replay\.cache\.megabytes 0 is no amount of memory/],
    [{ megabytes: Number.NaN }, /replay\.cache\.megabytes/],
    [{ megabytes: '16' }, /replay\.cache\.megabytes "16"/],
  ])('has no bound of %j', async (cache, message) => {
    const opening = createBackstory(library.dataSource, { replay: { cache: cache as false } });
    await expect(opening).rejects.toThrow(InvalidOptionsError);
    await expect(createBackstory(library.dataSource, { replay: { cache: cache as false } })).rejects.toThrow(
      message,
    );
  });
});
