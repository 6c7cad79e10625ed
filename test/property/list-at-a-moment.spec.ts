import { type AggregateSelection, type Backstory, createBackstory } from '@backstory/adapter';
import { DataSource, type ObjectLiteral } from 'typeorm';
import { Author, entities, Shelf, Subject, Work } from '../library/entities.js';
import { type Library, openLibrary } from '../library/open-library.js';
import { seededRandom, seedOfRun } from '../library/random.js';
import { writeRandomly } from '../library/write-randomly.js';
import { printed } from '../values/history.js';
import { sortChildren } from '../integration/write-paths/sort-children.js';

const seed = seedOfRun();
const snapshots = { every: 3 };

/** What has streams of its own, with the relations that its aggregate owns. */
type Roots = readonly (readonly [entity: new () => ObjectLiteral, relations: object])[];

const shapes: [string, AggregateSelection['aggregates'], Roots][] = [
  [
    'a stream for each entity',
    [Author, Work, Shelf, Subject].map((entity) => ({ entity, snapshots })),
    [
      [Author, {}],
      [Work, {}],
      [Shelf, {}],
      [Subject, {}],
    ],
  ],
  [
    'authors own their works',
    ['all', { entity: Author, owns: ['works', 'works.subjects'], snapshots }, { entity: Subject, snapshots }],
    [
      [Author, { works: { subjects: true } }],
      [Shelf, {}],
      [Subject, {}],
    ],
  ],
];

/** Where nobody wrote: a moment, and the rows that were there. */
interface Witnessed {
  readonly moment: Date;
  readonly rows: readonly string[][];
}

describe.each(shapes)(`lists as of a moment, %s, seed ${seed}`, (_shape, aggregates, roots) => {
  let library: Library;
  let plain: DataSource;
  let backstory: Backstory;

  beforeEach(async () => {
    library = await openLibrary({ poolSize: 12 });
    plain = await new DataSource({ type: 'postgres', url: library.url, entities }).initialize();
    backstory = await createBackstory(library.dataSource, { aggregates });
  });

  afterEach(async () => {
    await backstory.close();
    await plain.destroy();
    await library.close();
  });

  it('are the rows that TypeORM found then, while eight writers go on', async () => {
    const random = seededRandom(seed);
    const witnessed: Witnessed[] = [await witness()];
    for (let n = 0; n < 8; n++) {
      await writeRandomly(library.dataSource, random, 50);
      witnessed.push(await witness());
      await backstory.rebuildSnapshots();
    }
    const writers = Array.from({ length: 8 }, (_, writer) => seededRandom(seed + 1 + writer));
    for (const { moment, rows } of witnessed) {
      // so many, however long the list takes that they are beside
      const [found] = await Promise.all([
        listed(moment),
        ...writers.map((own) => writeRandomly(library.dataSource, own, 10)),
      ]);
      expect(found).toEqual(rows);
    }
    // with snapshots that later reads have made, too, and without a moment: the rows of now
    await backstory.snapshotsSettled();
    for (const { moment, rows } of witnessed) expect(await listed(moment)).toEqual(rows);
    const { rows } = await witness();
    expect(await listed()).toEqual(rows);

    const sizes = witnessed.map((each) => each.rows.flat().length);
    expect(sizes[0]).toBe(0);
    expect(Math.min(...sizes.slice(2))).toBeGreaterThan(5);
    const [{ ended }] = await plain.query(
      `select count(*)::integer as ended from backstory.events where change = 'd'`,
    );
    expect(ended).toBeGreaterThan(0);
  });

  const inOrder = (entities: ObjectLiteral[]): string[] => {
    entities.forEach(sortChildren);
    return entities.map(printed).sort();
  };

  async function listed(asOf?: Date): Promise<string[][]> {
    const lists: string[][] = [];
    for (const [entity] of roots) {
      const list: ObjectLiteral[] = [];
      for await (const each of backstory.loadAll(entity, asOf && { asOf })) list.push(each);
      lists.push(inOrder(list));
    }
    return lists;
  }

  async function witness(): Promise<Witnessed> {
    const moment = await now();
    const rows: string[][] = [];
    for (const [entity, relations] of roots) {
      rows.push(inOrder(await plain.manager.find(entity, { relations, withDeleted: true })));
    }
    // the bound takes in its whole millisecond: no later write may fall into it
    while ((await now()).getTime() === moment.getTime());
    return { moment, rows };
  }

  async function now(): Promise<Date> {
    const [{ at }] = await plain.query('select clock_timestamp() as at');
    return at as Date;
  }
});
