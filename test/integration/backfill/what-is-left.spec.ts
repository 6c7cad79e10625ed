import { type Backstory, createBackstory } from '@backstory/adapter';
import { type Library, openLibrary } from '../../library/open-library.js';
import { runOnLibrary } from '../../library/run-on-library.js';

const rows = 60_000;

describe('how much of a backfill is left', () => {
  let library: Library;
  let backstory: Backstory;

  beforeAll(async () => {
    library = await openLibrary();
    process.env['LIBRARY_URL'] = library.url;
    backstory = await createBackstory(library.dataSource, { aggregates: ['Author'] });
    await library.dataSource.query('alter table author disable trigger user');
    await library.dataSource.query(
      `insert into author (name, version) select 'a' || n, 1 from generate_series(1, ${rows}) n; analyze author`,
    );
    await library.dataSource.query('alter table author enable trigger user');
  });

  afterAll(async () => {
    await backstory.close();
    await library.close();
  });

  it('an estimate looks at pages from all over the table', async () => {
    await backstory.backfill({ where: `t.id <= ${rows / 2}` });
    for (let tries = 0; tries < 5; tries++) {
      const [estimate] = await backstory.estimateBackfill();
      expect(estimate?.rows).toBe(rows);
      expect(estimate?.events).toBeGreaterThan(rows * 0.25);
      expect(estimate?.events).toBeLessThan(rows * 0.75);
    }
  });

  it('a condition leaves the aggregate incomplete, and both the report and status say so', async () => {
    const [report] = await backstory.backfill({ where: 't.id <= 40000' });
    expect(report).toMatchObject({ completed: false, finished: true });
    const { code, out } = await runOnLibrary('backfill', 'author', '--where', 't.id <= 41000');
    expect({ code, out }).toEqual({
      code: 0,
      out: expect.stringMatching(/no: rows that the condition leaves out have none/) as string,
    });
    expect(await backstory.backfill()).toMatchObject([{ completed: true, finished: true }]);
    expect((await runOnLibrary('status')).out).toMatch(/author +capture +complete, /);
  });

  it('one while capture was switched off is an error, and the next begins anew', async () => {
    const switching = async (...steps: ('off' | 'capture')[]): Promise<unknown> => {
      let switched: Promise<unknown> | undefined;
      const onProgress = (): void => {
        switched ??= steps.reduce<Promise<unknown>>(
          (before, stage) => before.then(() => backstory.stages.set('author', stage)),
          Promise.resolve(),
        );
      };
      const outcome = backstory.backfill({ chunkSize: 500, throttle: { rowsPerSecond: 20_000 }, onProgress });
      return outcome.catch((error: unknown) => error).finally(() => switched);
    };
    expect(await switching('off')).toMatchObject({
      code: 'STAGE_REFUSED',
      message: expect.stringContaining(
        '"author" is off: it was switched off while its backfill ran',
      ) as string,
    });
    await backstory.stages.set('author', 'capture');
    expect(await switching('off', 'capture')).toMatchObject({
      code: 'STAGE_REFUSED',
      message: expect.stringContaining('Capture of "author" began anew while its backfill ran') as string,
    });
    expect(await backstory.backfill()).toMatchObject([{ completed: true, rows }]);
  });

  it('one that was stopped before capture began anew begins anew, too', async () => {
    const stop = new AbortController();
    const onProgress = (): void => stop.abort();
    expect(await backstory.backfill({ chunkSize: 100, signal: stop.signal, onProgress })).toMatchObject([
      { finished: false },
    ]);
    await backstory.stages.set('author', 'off');
    await backstory.stages.set('author', 'capture');
    expect(await backstory.backfill()).toMatchObject([{ completed: true, rows }]);
  });

  it('one from before capture began anew is not complete', async () => {
    await backstory.stages.set('author', 'off');
    await backstory.stages.set('author', 'capture');
    expect(await backstory.status()).toMatchObject([{ backfill: { outdated: true } }]);
    expect((await runOnLibrary('status')).out).toMatch(/author +capture +before capture began anew, /);
    await backstory.backfill();
    expect(await backstory.status()).toMatchObject([{ backfill: { outdated: false } }]);
  });
});
