import { type AggregateOptions, type Backstory, createBackstory, doctor } from '@backstory/adapter';
import {
  Column,
  Entity,
  JoinColumn,
  ManyToOne,
  OneToMany,
  PrimaryGeneratedColumn,
  type Relation,
} from 'typeorm';
import { Author, entities, Work } from '../../library/entities.js';
import { type Library, openLibrary } from '../../library/open-library.js';
import { Album, albumAggregate, albumEntities } from './entities.js';

@Entity()
class Country {
  @PrimaryGeneratedColumn()
  id: number;

  @Column({ type: 'text', unique: true })
  code: string;

  @OneToMany(() => City, (city) => city.country)
  cities: Relation<City>[];
}

@Entity()
class City {
  @PrimaryGeneratedColumn()
  id: number;

  @ManyToOne(() => Country, (country) => country.cities)
  @JoinColumn({ referencedColumnName: 'code' })
  country: Relation<Country>;
}

@Entity()
class Shelve {
  @PrimaryGeneratedColumn()
  id: number;

  @OneToMany(() => Box, (box) => box.shelve)
  boxes: Relation<Box>[];
}

/** Its foreign key has no index. */
@Entity()
class Box {
  @PrimaryGeneratedColumn()
  id: number;

  @Column({ type: 'text' })
  label: string;

  @ManyToOne(() => Shelve, (shelve) => shelve.boxes)
  shelve: Relation<Shelve>;

  @ManyToOne(() => Box, (box) => box.inner)
  outer: Relation<Box> | null;

  @OneToMany(() => Box, (box) => box.outer)
  inner: Relation<Box>[];
}

describe('what an aggregate may own', () => {
  let library: Library;
  let backstory: Backstory | undefined;

  beforeAll(async () => {
    library = await openLibrary({ entities: [...entities, ...albumEntities, Shelve, Box, Country, City] });
  });

  afterEach(async () => {
    await backstory?.close();
    backstory = undefined;
  });

  afterAll(() => library.close());

  const open = async (...aggregates: (AggregateOptions | 'all')[]): Promise<Backstory> =>
    (backstory = await createBackstory(library.dataSource, { aggregates }));

  it.each<[string, AggregateOptions[], RegExp]>([
    [
      'no relation',
      [{ entity: Author, owns: ['novels'] }],
      /"Author" can't own "novels": "Author" has no relation "novels"[\s\S]*Use one of: works/,
    ],
    ['no relation beneath', [{ entity: Author, owns: ['works.pages'] }], /"Work" has no relation "pages"/],
    [
      'a relation whose key is its own',
      [{ entity: Work, owns: ['author'] }],
      /"Work" can't own "author": the foreign key is its own/,
    ],
    [
      'rows of its own table',
      [{ entity: Box, owns: ['inner'] }],
      /"Box" can't own "inner": its rows are in the table of "Box" itself/,
    ],
    [
      'what refers to something else than its key',
      [{ entity: Country, owns: ['cities'] }],
      /its foreign key refers to code and not to the primary key/,
    ],
    [
      'a part that hides its foreign key',
      [
        { entity: Author, owns: ['works'] },
        { entity: Work, exclude: ['author.id'] },
      ],
      /"Work" excludes authorId, the foreign key that makes it "works"/,
    ],
    [
      'what another owns',
      [
        { entity: Author, owns: ['works'] },
        { entity: Work, owns: ['subjects'] },
      ],
      /"Work" is owned by another entity, so it has no "owns" of its own/,
    ],
    [
      'a part with a category',
      [
        { entity: Author, owns: ['works'] },
        { entity: Work, category: 'opus' },
      ],
      /no "category" of its own/,
    ],
    [
      'a part with a stage',
      [
        { entity: Author, owns: ['works'] },
        { entity: Work, stage: 'off' },
      ],
      /no "stage" of its own/,
    ],
  ])('is not %s', async (_name, aggregates, message) => {
    const rejected = await open(...aggregates).catch((error: Error & { code: string }) => error);
    expect(rejected).toMatchObject({ code: 'INVALID_OPTIONS', message: expect.stringMatching(message) });
  });

  it('is not what is excluded, nor what is beneath it', async () => {
    backstory = await createBackstory(library.dataSource, {
      aggregates: [albumAggregate],
      exclude: ['Track', 'album_genres'],
    });
    const captured = await library.dataSource.query<{ table_name: string }[]>(
      `select distinct event_object_table as table_name from information_schema.triggers
       where trigger_name like '00_backstory%' order by 1`,
    );
    expect(captured.map(({ table_name }) => table_name)).toEqual(['album', 'cover']);
  });

  it('is owned along the way to what is named, and captured once', async () => {
    const opened = await open('all', { entity: Album, owns: ['tracks.credits'] });
    const categories = (await opened.status()).map(({ category }) => category);
    expect(categories).toContain('albumGenres');
    expect(categories).not.toContain('track');
    expect(categories).not.toContain('credit');
  });

  it('was an aggregate of its own before, and is one again: it is captured once, and repair settles the change', async () => {
    const { manager } = library.dataSource;
    let opened = await open('all');
    await opened.backfill();
    const author = await manager.save(manager.create(Author, { name: 'a', home: {}, works: [] }));
    const work = await manager.save(manager.create(Work, { title: 'w', author }));
    expect(await opened.history('work', work.id)).toHaveLength(1);
    await opened.close();

    opened = await open('all', { entity: Author, owns: ['works'] });
    await manager.update(Work, { id: work.id }, { title: 'ww' });
    expect((await opened.history('author', String(author.id))).at(-1)).toMatchObject({ type: 'WorkUpdated' });
    const { aggregates } = await opened.verify({ aggregates: ['author'] });
    expect(aggregates[0]?.drift).toEqual([
      expect.objectContaining({ kind: 'value', part: { path: 'works', id: work.id } }),
    ]);
    const [report] = await opened.repair({ aggregates: ['author'], by: 'ops' });
    expect(report?.repaired).toHaveLength(1);
    expect((await opened.history('author', String(author.id))).at(-1)).toMatchObject({
      type: 'AuthorCorrected',
      metadata: { origin: 'repair', actor: 'ops' },
    });
    expect((await opened.verify()).clean).toBe(true);
    await opened.close();

    // an older release that starts again takes nothing away; to go back for good is said
    opened = await open('all');
    await manager.update(Work, { id: work.id }, { title: 'still there' });
    expect(await opened.history('work', work.id)).toHaveLength(1);
    await opened.install({ narrow: true });
    await manager.update(Work, { id: work.id }, { title: 'www' });
    expect((await opened.history('work', work.id)).at(-1)?.data).toEqual({ title: 'www' });
    await opened.repair();
    expect((await opened.verify()).clean).toBe(true);
  });

  it('is repaired: what is missing, what differs, what is gone, in one correction for each aggregate', async () => {
    const opened = await open('all', albumAggregate);
    await opened.backfill();
    await opened.repair();
    const { manager } = library.dataSource;
    const { id } = await manager.save(
      manager.create(Album, {
        title: 'd',
        tracks: [{ title: 'changed' }, { title: 'lost' }, { title: 'kept' }],
      }),
    );
    await manager.query(
      `set session_replication_role = replica;
       update track set title = 'other', plays = 9 where title = 'changed';
       delete from track where title = 'lost';
       insert into track (title, "albumId") values ('unseen', ${id});
       set session_replication_role = origin`,
    );
    const found = (await opened.verify({ aggregates: ['album'] })).aggregates[0]?.drift;
    expect(found?.map(({ kind }) => kind).sort()).toEqual(['missing event', 'missing row', 'value']);
    const [dry] = await opened.repair({ aggregates: ['album'], dryRun: true });
    expect(dry?.repaired).toHaveLength(3);
    const before = (await opened.history('album', String(id))).length;
    await opened.repair({ aggregates: ['album'] });
    expect(await opened.history('album', String(id))).toHaveLength(before + 1);
    expect((await opened.verify({ aggregates: ['album'] })).clean).toBe(true);
  });

  it('ends with its table, when that is dropped and made again', async () => {
    const aggregates = [albumAggregate];
    await (await open(...aggregates)).backfill();
    await library.dataSource.query(
      `insert into album (id, title) values (500, 'last'); insert into track (title, "albumId") values ('t', 500)`,
    );
    await backstory?.close();
    await library.dataSource.query(`drop table credit; drop table track`);
    await library.dataSource.synchronize();
    const opened = await open(...aggregates);
    expect((await opened.verify()).aggregates.flatMap(({ drift }) => drift)).toEqual([]);
    expect((await opened.history('album', '500')).at(-1)).toMatchObject({
      type: 'AlbumCorrected',
      metadata: { origin: 'repair', reason: 'the table was made again' },
    });
  });

  it('is found by an index, else the doctor says so', async () => {
    const findings = await doctor(library.dataSource, {
      aggregates: ['all', { entity: Shelve, owns: ['boxes'] }],
    });
    expect(findings).toContainEqual({
      severity: 'hint',
      aggregate: 'shelve',
      problem: expect.stringContaining('no index of "public"."box" begins with its foreign key "shelveId"'),
      remedy: 'CREATE INDEX CONCURRENTLY ON "public"."box" ("shelveId");',
    });
  });
});
