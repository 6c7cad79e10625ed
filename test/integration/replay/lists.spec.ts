import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { type Backstory, createBackstory, ReplayError } from '@backstory/adapter';
import pg from 'pg';
import { Author, Novel, Subject, Work } from '../../library/entities.js';
import { type Library, openLibrary } from '../../library/open-library.js';

const { query } = pg.Client.prototype;

describe('the list of a whole category', () => {
  let library: Library;
  let backstory: Backstory;
  let sent: string[];

  beforeEach(async () => {
    sent = [];
    // no spy of jest's: that would hold on to every result
    pg.Client.prototype.query = function (this: pg.Client, ...args: unknown[]) {
      const [statement] = args as [string | { text: string }];
      sent.push(typeof statement === 'string' ? statement : statement.text);
      return (query as (...args: unknown[]) => unknown).apply(this, args);
    } as typeof query;
    library = await openLibrary();
    backstory = await createBackstory(library.dataSource, {
      aggregates: ['all', { entity: Author, owns: ['works', 'works.subjects'] }],
    });
  });

  afterEach(async () => {
    pg.Client.prototype.query = query;
    await backstory.close();
    await library.close();
  });

  /** How many queries for events have been sent since the last time it was asked. */
  const queriesForEvents = (): number => sent.splice(0).filter((text) => text.includes('stream_tail')).length;

  const codes = async (asOf?: Date): Promise<string[]> => {
    const found: string[] = [];
    for await (const { code } of backstory.loadAll(Subject, asOf && { asOf })) found.push(code);
    return found;
  };

  const now = async (): Promise<Date> => {
    const [{ at }] = await library.dataSource.query('select clock_timestamp() as at');
    return at as Date;
  };

  it('of 10 000 streams of 100 megabytes is read in a few of them, a page with each query', async () => {
    await library.dataSource.query(
      `insert into subject (code, label) select 's' || n, repeat(md5(n::text), 320) from generate_series(1, 10000) n`,
    );
    setFlagsFromString('--expose-gc');
    const collect = runInNewContext('gc') as () => void;
    const used = (): number => {
      collect();
      return process.memoryUsage().heapUsed / 1e6;
    };
    queriesForEvents();
    const before = used();
    let most = 0;
    let count = 0;
    let bytes = 0;
    const ids: string[] = [];
    for await (const { code, label } of backstory.loadAll(Subject)) {
      ids.push(code);
      bytes += label.length;
      if (++count % 400 === 0) most = Math.max(most, used() - before);
    }
    expect([count, bytes]).toEqual([10_000, 102_400_000]);
    expect(most).toBeLessThan(40);
    expect(queriesForEvents()).toBe(20);
    expect(ids).toEqual([...ids].sort());
    expect(new Set(ids).size).toBe(10_000);
  });

  it('replays what join tables lead to for a page at once', async () => {
    const { manager } = library.dataSource;
    await manager.insert(Subject, [
      { code: 'a', label: 'A' },
      { code: 'b', label: 'B' },
    ]);
    await manager.query(
      `insert into author (name, "homeCity", version) select 'Author ' || n, 'City', 1 from generate_series(1, 600) n;
       insert into work (kind, title, "authorId") select 'Novel', 'Novel ' || id, id from author;
       insert into work_subjects_subject select w.id, s.code from work w, subject s
       where s.code = 'a' or w."authorId" % 2 = 0;`,
    );
    queriesForEvents();
    let count = 0;
    let subjects = 0;
    for await (const author of backstory.loadAll(Author)) {
      count++;
      expect(author.works).toEqual([expect.any(Novel)]);
      expect(author.works[0]).toMatchObject({ title: `Novel ${author.id}` });
      expect(author.works[0]?.subjects.map(({ label }) => label).sort()).toEqual(
        author.id % 2 === 0 ? ['A', 'B'] : ['A'],
      );
      subjects += author.works[0]?.subjects.length ?? 0;
    }
    expect([count, subjects]).toEqual([600, 900]);
    // two pages, and the subjects of each
    expect(queriesForEvents()).toBe(4);
  });

  it('has no deleted streams, none that began later, and every key: the empty one and any alphabet', async () => {
    const { manager } = library.dataSource;
    const subject = (code: string) => manager.insert(Subject, { code, label: code });
    for (const code of ['ä', 'B', '', 'a', 'gone', '10', '9']) await subject(code);
    await manager.delete(Subject, { code: 'gone' });
    const before = await now();
    while ((await now()).getTime() === before.getTime());
    await subject('later');
    await subject('gone');
    await manager.delete(Subject, { code: 'a' });
    expect(await codes(before)).toEqual(['', '10', '9', 'B', 'a', 'ä']);
    expect(await codes()).toEqual(['', '10', '9', 'B', 'gone', 'later', 'ä']);
    expect(await codes(new Date(0))).toEqual([]);
  });

  it('reads no further than it is asked to', async () => {
    await library.dataSource.query(
      `insert into subject (code, label) select 's' || n, 'S' from generate_series(1, 1200) n`,
    );
    queriesForEvents();
    for await (const { code } of backstory.loadAll(Subject)) {
      expect(code).toBe('s1');
      break;
    }
    expect(queriesForEvents()).toBe(1);
  });

  it('ends with an error that names the stream that cannot be replayed', async () => {
    await library.dataSource.query(
      `insert into backstory.events (stream_position, change, category, stream_id, type, data)
       values (2, 'u', 'subject', 'torn', 'SubjectUpdated', '{}')`,
    );
    await expect(codes()).rejects.toThrow(ReplayError);
    await expect(codes()).rejects.toThrow(/"subject-torn".*position 1 was expected and 2 was found/);
  });

  it('refuses what it cannot list at once', () => {
    expect(() => backstory.loadAll(Work)).toThrow(/"Work" has no streams of its own/);
    expect(() => backstory.loadAll('Nothing')).toThrow(/no captured aggregate "Nothing"/);
    expect(() => backstory.loadAll(Subject, { asOf: new Date('never') })).toThrow(
      /asOf Invalid Date is no moment/,
    );
    // @ts-expect-error a version is one of a stream
    void backstory.loadAll(Subject, { version: 1 });
  });
});
