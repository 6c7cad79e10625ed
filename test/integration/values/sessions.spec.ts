import { createBackstory } from '@backstory/adapter';
import { DataSource } from 'typeorm';
import { type History, printed } from '../../values/history.js';
import { openSpecimens, type Specimen, SpecimenSchema } from '../../values/specimens.js';
import { valueTypes } from '../../values/value-types.js';

/** Their text in a row depends on the session that reads it, and pg leaves it text; the replay's is always that of UTC. */
const printedBySession = /^(tstz(multi)?range|composite)$/;

const odd = [
  '-c TimeZone=Asia/Kathmandu',
  '-c DateStyle=SQL,DMY',
  '-c IntervalStyle=sql_standard',
  '-c bytea_output=escape',
  '-c extra_float_digits=-5',
  '-c search_path=nowhere',
].join(' ');

describe('sessions with settings of their own', () => {
  let history: History;
  let other: DataSource;

  beforeAll(async () => {
    history = await openSpecimens();
    const steps = Math.max(...Object.values(valueTypes).map(({ edges }) => edges.length));
    for (let step = 0; step < steps; step++) {
      const row = Object.entries(valueTypes).map(
        ([name, { edges }]) => [name, edges[step % edges.length]] as const,
      );
      await history.dataSource.query(
        `insert into specimen (id, ${row.map(([name]) => `"${name}"`).join(', ')})
         values ($1, ${row.map((_, n) => `$${n + 2}`).join(', ')})`,
        [`${step}`, ...row.map(([, value]) => value)],
      );
    }
    await history.dataSource.query(`alter table specimen set schema public`);
    other = await new DataSource({
      type: 'postgres',
      url: history.url,
      entities: [SpecimenSchema],
      schema: 'public',
      installExtensions: false,
      extra: { options: odd },
    }).initialize();
  });

  afterAll(async () => {
    await other.destroy();
    await history.close();
  });

  const withoutPrinted = (rows: readonly (Specimen | null)[]): string[] =>
    rows.flatMap((row) =>
      Object.entries(row ?? {})
        .filter(([name]) => !printedBySession.test(name))
        .map((entry) => printed(entry)),
    );

  it('change nothing in what is replayed, verified and compared', async () => {
    const rows = await history.dataSource.manager.find(SpecimenSchema, { order: { id: 1 } });
    const backstory = await createBackstory(other);
    expect((await backstory.verify()).aggregates.flatMap(({ drift }) => drift)).toEqual([]);

    await backstory.stages.set('specimen', 'shadow', { force: true });
    await other.manager.find(SpecimenSchema);
    await backstory.shadowSettled();
    expect(await other.query('select drifted::int from backstory.shadow_reads')).toEqual([{ drifted: 0 }]);

    await backstory.stages.set('specimen', 'replay', { force: true });
    const replayed = await other.manager.find(SpecimenSchema, { order: { id: 1 } });
    expect(withoutPrinted(replayed)).toEqual(withoutPrinted(rows));
    const loaded = await Promise.all(rows.map(({ id }) => backstory.load<Specimen>('Specimen', id)));
    expect(printed(loaded)).toEqual(printed(rows));
    await backstory.close();
  });

  it('change nothing in when an event was recorded', async () => {
    const backstory = await createBackstory(other);
    const [{ at }] = await history.dataSource.query(
      `select floor(extract(epoch from recorded_at) * 1000)::text as at from backstory.events where stream_id = '0'`,
    );
    const [event] = await backstory.history('Specimen', '0');
    expect(event?.recordedAt.getTime()).toBe(Number(at));
    expect((await backstory.doctor()).map(({ problem }) => problem)).toEqual([
      expect.stringContaining('DateStyle'),
    ]);
    await backstory.close();
  });
});
