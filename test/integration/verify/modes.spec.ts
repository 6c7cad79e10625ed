import { type Backstory, createBackstory, type VerifyOptions } from '@backstory/adapter';
import { Author, Subject } from '../../library/entities.js';
import { type Library, openLibrary } from '../../library/open-library.js';
import { unseen } from '../../library/unseen.js';

const authors = 3_000;

describe('verify of some streams', () => {
  let library: Library;
  let backstory: Backstory;

  beforeEach(async () => {
    library = await openLibrary();
    backstory = await createBackstory(library.dataSource);
    await library.dataSource.query(
      `insert into author (name, version) select 'a' || n, 1 from generate_series(1, ${authors}) n`,
    );
  });

  afterEach(async () => {
    await backstory.close();
    await library.close();
  });

  const verify = async (options: Parameters<Backstory['verify']>[0] = {}) => {
    const { aggregates } = await backstory.verify({ aggregates: ['author'], ...options });
    const [found] = aggregates;
    if (!found) throw new Error('Nothing was verified.');
    return found;
  };
  const mayMoveOn = (): Promise<boolean> =>
    backstory.stages.set('author', 'shadow').then(
      () => backstory.stages.set('author', 'capture').then(() => true),
      () => false,
    );

  it('a sample compares its share, other streams each time, and in the end finds every drift', async () => {
    const { rows, streams, complete } = await verify({ sample: 0.1 });
    expect(complete).toBe(false);
    expect(streams).toBe(rows);
    expect(rows).toBeGreaterThan(authors / 20);
    expect(rows).toBeLessThan(authors / 5);
    await unseen(library.dataSource, `update author set name = 'forged' where id = 7`);
    let drifted = 0;
    for (let tries = 0; drifted === 0 && tries < 200; tries++) {
      ({ drifted } = await verify({ sample: 0.3 }));
    }
    expect(drifted).toBe(1);
  });

  it('since the last complete one: what has events since, and nothing else', async () => {
    expect(await verify({ sinceLast: true })).toMatchObject({ complete: true, rows: authors });
    await library.dataSource.manager.update(Author, { id: 5 }, { name: 'changed' });
    await unseen(library.dataSource, `update author set name = 'forged' where id in (5, 7)`);
    expect(await verify({ sinceLast: true })).toMatchObject({
      complete: false,
      rows: 1,
      drift: [{ streamId: '5', kind: 'value' }],
    });
    expect((await verify()).drift.map(({ streamId }) => streamId)).toEqual(['5', '7']);
    // what a verify has found is looked at again until one finds nothing
    expect(await verify({ sinceLast: true })).toMatchObject({ complete: true, drifted: 2 });
    await backstory.repair({ aggregates: ['author'] });
    expect(await verify({ sinceLast: true })).toMatchObject({ complete: true, drifted: 0 });
    expect(await verify({ sinceLast: true })).toMatchObject({ complete: false, rows: 0, drifted: 0 });
  });

  it('since the last one goes by no proof from before capture began anew', async () => {
    await backstory.backfill({ aggregates: ['author'] });
    expect(await verify({ sinceLast: true })).toMatchObject({ complete: true, drifted: 0 });
    await backstory.stages.set('author', 'off');
    await library.dataSource.query(`update author set name = 'while it was off' where id = 3`);
    await backstory.stages.set('author', 'capture');
    expect(await verify({ sinceLast: true })).toMatchObject({ complete: true, drifted: 1 });
  });

  it('a sample that meets no stream compares all of them', async () => {
    await library.dataSource.query('delete from author where id > 1');
    await unseen(library.dataSource, `update author set name = 'forged' where id = 1`);
    for (let tries = 0; tries < 5; tries++)
      expect(await verify({ sample: 0.0001 })).toMatchObject({ drifted: 1 });
  });

  it('since the last one knows the events of a transaction that was open then', async () => {
    const open = library.dataSource.createQueryRunner();
    await open.startTransaction();
    await open.manager.update(Author, { id: 9 }, { name: 'late' });
    await library.dataSource.manager.update(Author, { id: 10 }, { name: 'early' });
    expect(await verify()).toMatchObject({ complete: true, drifted: 0 });
    await open.commitTransaction();
    await open.release();
    await unseen(library.dataSource, `update author set name = 'forged' where id = 9`);
    expect((await verify({ sinceLast: true })).drift).toMatchObject([{ streamId: '9' }]);
  });

  it('named streams, of one aggregate', async () => {
    await unseen(library.dataSource, `update author set name = 'forged' where id in (5, 7)`);
    expect(await verify({ streamIds: ['6', '7'] })).toMatchObject({
      rows: 2,
      drifted: 1,
      drift: [{ streamId: '7' }],
    });
    const [report] = await backstory.repair({ aggregates: ['author'], streamIds: ['7'] });
    expect(report?.repaired).toHaveLength(1);
    expect((await verify()).drift).toMatchObject([{ streamId: '5' }]);
    await expect(verify({ streamIds: ['x'] })).rejects.toThrow(/No stream of "author" has such an id.*"x"/s);
    await expect(verify({ streamIds: [] })).rejects.toThrow('No stream is named');
    await expect(backstory.verify({ streamIds: ['1'] })).rejects.toThrow(/"streamIds" is for one aggregate/);
    await expect(backstory.repair({ streamIds: ['1'] })).rejects.toThrow(/"streamIds" is for one aggregate/);
  });

  it('only a complete one opens the way to shadow, and what a partial one has found closes it', async () => {
    await backstory.backfill({ aggregates: ['author'] });
    await verify({ sample: 0.5 });
    expect(await mayMoveOn()).toBe(false);
    await verify();
    expect(await mayMoveOn()).toBe(true);
    await unseen(library.dataSource, `update author set name = 'forged' where id = 7`);
    await verify({ streamIds: ['7'] });
    expect(await mayMoveOn()).toBe(false);
    await backstory.repair({ aggregates: ['author'] });
    await verify();
    expect(await mayMoveOn()).toBe(true);
  });

  it.each([
    [{ sample: 0 }, /sample: 0 is no share/],
    [{ sample: 1.5 }, /sample: 1.5 is no share/],
    [{ limit: -1 }, /limit: -1 is no number/],
    [{ sample: 0.5, sinceLast: true }, /sample and sinceLast exclude each other/],
  ])('refuses %j', async (options, message) => {
    await expect(backstory.verify({ aggregates: ['author'], ...options })).rejects.toThrow(message);
  });

  it('gives no false alarm while eight writers are at work', async () => {
    const written = Array.from({ length: 8 }, () => 0);
    const write = async (writer: number): Promise<void> => {
      for (let turn = 0; turn < 7; turn++) {
        const n = written[writer]!++;
        const id = 1 + ((n * 8 + writer) % authors);
        await library.dataSource.transaction(async (manager) => {
          await manager.update(Author, { id }, { name: `${writer} ${n}` });
          await manager.upsert(Subject, { code: `${id % 50}`, label: `${n}` }, ['code']);
          if (n % 7 === 0) await manager.delete(Author, { id });
          if (n % 7 === 0) await manager.insert(Author, { id, name: 'again', home: {} });
        });
      }
    };
    // each of them so much, however long the verify takes that they are beside
    const verifyBesideAll = async (options: VerifyOptions): Promise<void> => {
      const [report] = await Promise.all([
        backstory.verify(options),
        ...written.map((_, writer) => write(writer)),
      ]);
      expect(report).toMatchObject({ clean: true });
    };
    for (let run = 0; run < 15; run++) {
      await verifyBesideAll(run % 3 === 0 ? { sample: 0.5 } : {});
      if (run % 3 === 2) await verifyBesideAll({ sinceLast: true });
    }
  });
});
