import { createBackstory } from '@backstory/adapter';
import { DataSource } from 'typeorm';
import { Author, entities, Shelf } from '../library/entities.js';
import { type Library, openLibrary } from '../library/open-library.js';

describe('installation', () => {
  let library: Library;

  beforeEach(async () => {
    library = await openLibrary();
  });

  afterEach(async () => {
    await library.close();
  });

  const countEvents = async (): Promise<number> =>
    Number((await library.dataSource.query(`select count(*) as n from backstory.events`))[0].n);

  it('is idempotent and changes nothing the second time', async () => {
    const first = await createBackstory(library.dataSource);
    const installedAt = await library.dataSource.query(
      `select category, installed_at from backstory.aggregates order by 1`,
    );
    expect(installedAt.map(({ category }: { category: string }) => category)).toEqual([
      'author',
      'shelf',
      'subject',
      'work',
      'workSubjectsSubject',
    ]);
    expect(await first.install()).toEqual({ migrations: [], captured: [], withheld: [] });
    await first.close();
    await (await createBackstory(library.dataSource)).close();
    expect(
      await library.dataSource.query(`select category, installed_at from backstory.aggregates order by 1`),
    ).toEqual(installedAt);
  });

  it('is safe when eight instances start at once, while others write', async () => {
    let writing = true;
    const writer = (async () => {
      let written = 0;
      while (writing) {
        await library.dataSource.manager.insert(Author, { name: `n${written}`, home: {} });
        written++;
      }
      return written;
    })();
    const instances = await Promise.all(
      Array.from({ length: 8 }, async () => {
        const dataSource = await new DataSource({
          type: 'postgres',
          url: library.url,
          entities,
          poolSize: 3,
        }).initialize();
        return { dataSource, backstory: await createBackstory(dataSource) };
      }),
    );
    writing = false;
    expect(await writer).toBeGreaterThan(0);
    const [first] = instances;
    await first?.backstory.backfill();
    expect(await first?.backstory.verify()).toMatchObject({ clean: true });
    for (const { backstory, dataSource } of instances) {
      await backstory.close();
      await dataSource.destroy();
    }
  });

  it('waits for a transaction that has written, and loses nothing of it', async () => {
    const runner = library.dataSource.createQueryRunner();
    await runner.startTransaction();
    await runner.manager.insert(Author, { name: 'open', home: {} });
    const warnings: string[] = [];
    const logger = { log: () => undefined, warn: (message: string) => void warnings.push(message) };
    const creating = createBackstory(library.dataSource, { aggregates: [Author], logger });
    while (warnings.length === 0) await new Promise((resolve) => setTimeout(resolve, 20));
    await runner.manager.update(Author, { name: 'open' }, { name: 'committed' });
    await runner.commitTransaction();
    await runner.release();
    const backstory = await creating;
    expect(warnings.join()).toMatch(
      /Waiting to capture "public"."author": process \d+ \(.*transaction open for/,
    );
    await backstory.backfill();
    expect(await backstory.verify()).toMatchObject({ clean: true });
    expect(await backstory.history('author', '1')).toMatchObject([
      { type: 'AuthorCreated', data: { name: 'committed' } },
    ]);
    await backstory.close();
  });

  it('with install "check" changes nothing and says what to run', async () => {
    await expect(createBackstory(library.dataSource, { install: 'check' })).rejects.toMatchObject({
      code: 'NOT_INSTALLED',
      remedy: expect.stringContaining('npx backstory install'),
    });
    expect(await library.dataSource.query(`select to_regnamespace('backstory') as schema`)).toEqual([
      { schema: null },
    ]);
    const backstory = await createBackstory(library.dataSource);
    await library.dataSource.query(`drop trigger "00_backstory_update" on author`);
    await expect(createBackstory(library.dataSource, { install: 'check' })).rejects.toMatchObject({
      code: 'CAPTURE_OUTDATED',
      message: expect.stringContaining('"public"."author"'),
    });
    expect(await backstory.install()).toEqual({ migrations: [], captured: ['author'], withheld: [] });
    await backstory.close();
    await (await createBackstory(library.dataSource, { install: 'check' })).close();
  });

  it('captures tables that were dropped and made again, and ends the streams of their rows', async () => {
    const before = await createBackstory(library.dataSource);
    await library.dataSource.manager.save(Shelf, { room: 'a', number: 1 });
    await before.close();
    await library.dataSource.synchronize(true);
    const after = await createBackstory(library.dataSource);
    expect(
      (await after.history('shelf', 'a:1')).map(({ type, metadata }) => [type, metadata.origin]),
    ).toEqual([
      ['ShelfCreated', 'capture'],
      ['ShelfDeleted', 'repair'],
    ]);
    await library.dataSource.manager.save(Shelf, { room: 'a', number: 1 });
    expect((await after.history('shelf', 'a:1')).at(-1)).toMatchObject({
      type: 'ShelfCreated',
      streamPosition: 3,
    });
    await after.backfill();
    expect(await after.verify()).toMatchObject({ clean: true });
    await after.close();
  });

  it('works for applications with dropSchema and synchronize, start after start', async () => {
    for (let start = 1; start <= 3; start++) {
      const dataSource = await new DataSource({
        type: 'postgres',
        url: library.url,
        entities,
        synchronize: true,
        dropSchema: true,
      }).initialize();
      const backstory = await createBackstory(dataSource);
      await dataSource.manager.insert(Shelf, { room: 'x', number: 1 });
      expect((await backstory.history('shelf', 'x:1')).at(-1)?.type).toBe('ShelfCreated');
      expect(await backstory.verify()).toMatchObject({ clean: true });
      await backstory.close();
      await dataSource.destroy();
    }
  });

  it('keeps events when capture is installed anew, and refuses to change them', async () => {
    const backstory = await createBackstory(library.dataSource);
    await library.dataSource.manager.insert(Shelf, { room: 'x', number: 1 });
    expect(await countEvents()).toBe(1);
    await expect(library.dataSource.query(`update backstory.events set data = '{}'`)).rejects.toThrow(
      /append-only/,
    );
    await expect(library.dataSource.query(`delete from backstory.events`)).rejects.toThrow(/append-only/);
    await expect(library.dataSource.query(`truncate backstory.events`)).rejects.toThrow(/append-only/);
    expect(await countEvents()).toBe(1);
    await backstory.close();
  });

  it('captures until the stage is off, and again when it is back', async () => {
    const backstory = await createBackstory(library.dataSource, {
      aggregates: [Author, { entity: 'Shelf', category: 'rack', stage: 'off' }],
    });
    const { manager } = library.dataSource;
    await manager.insert(Shelf, { room: 'x', number: 1 });
    expect(await countEvents()).toBe(0);
    await expect(backstory.backfill({ aggregates: ['rack'] })).rejects.toMatchObject({
      code: 'STAGE_REFUSED',
    });
    await backstory.stages.set('rack', 'capture');
    await backstory.backfill({ aggregates: ['rack'] });
    await manager.insert(Shelf, { room: 'x', number: 2 });
    expect(await countEvents()).toBe(2);
    await backstory.stages.set('rack', 'off', { by: 'operator', reason: 'pause' });
    await manager.update(Shelf, { room: 'x', number: 2 }, { barcode: Buffer.from('b') });
    await backstory.stages.set('rack', 'capture');
    // the backfill of before the pause proves nothing any more
    await expect(backstory.stages.set('rack', 'shadow')).rejects.toThrow(/backfill is not complete/);
    await backstory.backfill({ aggregates: ['rack'] });
    expect(await backstory.verify({ aggregates: ['rack'] })).toMatchObject({ clean: false });
    await backstory.repair({ aggregates: ['rack'] });
    expect(await backstory.verify({ aggregates: ['rack'] })).toMatchObject({ clean: true });
    await backstory.close();
  });
});
