import { createBackstory, InvalidOptionsError } from '@backstory/adapter';
import { backstoryMetrics } from '@backstory/adapter/prometheus';
import { Registry } from 'prom-client';
import { Subject } from '../../library/entities.js';
import { scrape } from '../observability/scrape.js';
import { MemoryLibrary, warm } from './memory-library.js';

describe('the bounds of what is kept in memory', () => {
  const memory = new MemoryLibrary();

  it.each([
    ['entries', { entries: 10 }, 10],
    ['megabytes', { megabytes: 0.02 }, 20],
  ])('are no more than %s allow', async (_, cache, most) => {
    await memory.open({ replay: { cache } });
    await memory.subjects(100, 'x'.repeat(300));
    expect(await memory.list()).toHaveLength(100);
    expect(await memory.list()).toHaveLength(100);
    expect(memory.found()).toBeLessThanOrEqual(most);
    expect((await memory.list()).every(({ label }) => label.length === 300)).toBe(true);
    for (const code of ['s1', 's2', 's3']) await memory.one(code);
    const before = memory.replays.length;
    for (const code of ['s1', 's2', 's3']) await memory.backstory!.load(Subject, code);
    expect(memory.replays.slice(before).map(({ fromMemory }) => fromMemory)).toEqual([1, 1, 1]);
  });

  it('are not those that are larger than all of them may be', async () => {
    await memory.open({ replay: { cache: { megabytes: 0.01 } } });
    await memory.subjects(1, 'x'.repeat(20_000));
    for (let n = 0; n < 3; n++) expect((await memory.list())[0]?.label).toHaveLength(20_000);
    expect(memory.found()).toBe(0);
  });

  it('are none where it is switched off, and none that cannot be replayed', async () => {
    await memory.open({ replay: { cache: false } });
    await memory.subjects(2);
    await warm(() => memory.list());
    expect(memory.replays.every(({ fromMemory, events }) => fromMemory === 0 && events === 2)).toBe(true);
    await memory.backstory!.close();
    await memory.open();
    await memory.plain.query(`
      set session_replication_role = replica;
      insert into backstory.events (stream_position, change, category, stream_id, type, data)
      values (5, 'u', 'subject', 's1', 'SubjectUpdated', '{"label":"torn"}');
      set session_replication_role = origin`);
    memory.replays.length = 0;
    await warm(() => memory.list());
    expect(memory.replays[0]).toMatchObject({ streams: 1, fromMemory: 0 });
    expect(memory.replays.at(-1)).toMatchObject({ streams: 1, fromMemory: 1 });
    expect((await memory.list()).map(({ label }) => label)).toEqual(['S', 'S']);
  });

  it('are not kept of what an upcaster makes that is no JSON', async () => {
    const first = await createBackstory(memory.library.dataSource);
    await memory.subjects(1);
    await first.close();
    const made = { toString: () => 'made' };
    await memory.open({
      aggregates: [
        {
          entity: Subject,
          schemaVersion: 2,
          upcasters: { '*': { 1: (data) => ({ ...data, label: Object.assign(new Date(0), made) }) } },
        },
      ],
    });
    for (let n = 0; n < 5; n++) expect((await memory.list())[0]?.label).toBe('made');
    expect(await memory.backstory!.load(Subject, 's1')).toMatchObject({ label: 'made' });
    expect(memory.replays.every(({ fromMemory }) => fromMemory === 0)).toBe(true);
  });

  it('are counted in metrics', async () => {
    const now = await memory.open({ aggregates: [Subject] });
    const register = new Registry();
    const stop = backstoryMetrics(now, { register, cacheMs: 0, doctorCacheMs: 0 });
    await memory.subjects(3);
    await memory.list();
    await memory.list();
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
    const opening = createBackstory(memory.library.dataSource, { replay: { cache: cache as false } });
    await expect(opening).rejects.toThrow(InvalidOptionsError);
    await expect(
      createBackstory(memory.library.dataSource, { replay: { cache: cache as false } }),
    ).rejects.toThrow(message);
  });
});
