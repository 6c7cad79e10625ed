import type { EntityManager } from 'typeorm';
import { Artist, Label, Painting, Piece, Reading, Room, Sculpture, Topic } from './gallery.js';

type Load = (manager: EntityManager) => Promise<unknown>;

const byTitle = { order: { title: 'ASC' as const } };
const byId = { order: { id: 'ASC' as const } };
const oil = (m: EntityManager) =>
  m.getRepository(Painting).extend({
    withTechnique(technique: string) {
      return this.createQueryBuilder('p').where({ technique }).orderBy('p.title').getMany();
    },
  });

/** Every way to load entities; what each returns comes from replays in stage replay. */
export const loading: Record<string, Load> = {
  'Repository.find': (m) => m.getRepository(Artist).find(byId),
  'Repository.findBy': (m) => m.getRepository(Label).findBy({}),
  'EntityManager.find': (m) => m.find(Piece, byTitle),
  findOne: (m) => m.findOne(Artist, { where: { id: 2 } }),
  findOneBy: (m) => m.findOneBy(Artist, { id: 2 }),
  findOneOrFail: (m) => m.findOneOrFail(Painting, { where: { title: 'Painting 1' } }),
  findOneByOrFail: (m) => m.findOneByOrFail(Sculpture, { title: 'Sculpture 1' }),
  findAndCount: (m) => m.findAndCount(Piece, { ...byTitle, skip: 1, take: 3 }),
  findAndCountBy: (m) => m.findAndCountBy(Artist, { id: 1 }),
  'BaseEntity.find': () => Artist.find(byId),
  'BaseEntity.reload': async (m) => {
    const artist = await m.findOneByOrFail(Artist, { id: 1 });
    artist.name = 'changed in memory';
    await artist.reload();
    // not the whole: reload asks for lazy relations and does not wait for them
    return [artist.name, artist.pieceCount, artist.version, artist.updatedAt];
  },
  preload: (m) => m.preload(Room, { id: 1 }),
  getMany: (m) => m.createQueryBuilder(Piece, 'p').orderBy('p.title').getMany(),
  getOne: (m) => m.createQueryBuilder(Piece, 'p').where('p.title = :t', { t: 'Painting 2' }).getOne(),
  getManyAndCount: (m) => m.createQueryBuilder(Room, 'r').orderBy('r.id').getManyAndCount(),
  getRawAndEntities: (m) => m.createQueryBuilder(Artist, 'a').orderBy('a.id').getRawAndEntities(),
  'a custom repository': (m) => oil(m).withTechnique('oil'),
  relations: (m) => m.find(Room, { relations: { pieces: true }, order: { id: 1, pieces: { title: 1 } } }),
  'nested relations': (m) =>
    m.find(Room, {
      relations: { parent: { pieces: true } },
      order: { id: 1, parent: { pieces: { title: 1 } } },
    }),
  'relations by queries': (m) =>
    m.find(Room, { relations: { pieces: true }, relationLoadStrategy: 'query', ...byId }).then(sortPieces),
  'lazy relations': async (m) => {
    const artist = await m.findOneByOrFail(Artist, { id: 1 });
    const pieces = await artist.pieces;
    return [pieces.sort(compareTitles), await pieces[0]?.artist];
  },
  'joins that are mapped': (m) =>
    m
      .createQueryBuilder(Room, 'r')
      .leftJoinAndMapOne('r.first', Piece, 'p', `p."roomId" = r.id and p.title like '%1'`)
      .orderBy('r.id')
      .getMany(),
  'pages with joins': (m) =>
    m.find(Room, { relations: { pieces: true }, skip: 1, take: 1, order: { id: 1, pieces: { title: 1 } } }),
  'a selection with the key': (m) =>
    m.find(Piece, {
      select: { id: true, title: true, size: { unit: true } },
      loadEagerRelations: false,
      ...byTitle,
    }),
  // TypeORM selects the key all the same, and leaves it out of the entity
  'a selection without the key': (m) => m.find(Artist, { select: { name: true }, order: { id: 1 } }),
  'a column that is not selected by default': (m) =>
    m.createQueryBuilder(Artist, 'a').addSelect('a.phone').orderBy('a.id').getMany(),
  'relation ids': (m) => m.find(Piece, { loadRelationIds: true, loadEagerRelations: false, ...byTitle }),
  'soft-deleted rows': (m) => m.find(Artist, { withDeleted: true, ...byId }),
  'the child of a hierarchy': (m) => m.find(Sculpture, byTitle),
  'a key of microseconds': (m) => m.find(Reading, { order: { celsius: 1 } }),
  'a tree of a closure table': async (m) =>
    m.getTreeRepository(Room).findDescendantsTree(await m.findOneByOrFail(Room, { name: 'house' })),
  'trees of a closure table': (m) => m.getTreeRepository(Room).findTrees(),
  'ancestors in a closure table': async (m) =>
    m.getTreeRepository(Room).findAncestorsTree(await m.findOneByOrFail(Room, { name: 'niche' })),
  'a tree of a materialized path': (m) => m.getTreeRepository(Topic).findTrees(),
  'descendants by a materialized path': async (m) =>
    m.getTreeRepository(Topic).findDescendants(await m.findOneByOrFail(Topic, { name: 'art' })),
  'a lock': (m) =>
    m.transaction((inner) =>
      inner.findOne(Artist, { where: { id: 1 }, lock: { mode: 'pessimistic_write' } }),
    ),
  'an optimistic lock': (m) =>
    m.findOne(Artist, { where: { id: 1 }, lock: { mode: 'optimistic', version: 1 } }),
  'REPEATABLE READ': (m) => m.transaction('REPEATABLE READ', (inner) => inner.find(Piece, byTitle)),
  'the query cache, missed': (m) =>
    m.find(Painting, { ...byTitle, cache: { id: `miss ${Math.random()}`, milliseconds: 60_000 } }),
  'the query cache, hit': async (m) => {
    const cache = { id: `hit ${Math.random()}`, milliseconds: 60_000 };
    await m.find(Painting, { ...byTitle, loadEagerRelations: false, cache });
    return m.find(Painting, { ...byTitle, loadEagerRelations: false, cache });
  },
};

/** What TypeORM makes of the table itself, in every stage: no entity is made, or none whose stream could be known. */
export const passingThrough: Record<string, Load> = {
  getRawMany: (m) => m.createQueryBuilder(Artist, 'a').orderBy('a.id').getRawMany(),
  getRawOne: (m) => m.createQueryBuilder(Artist, 'a').where('a.id = 1').getRawOne(),
  stream: async (m) => {
    const found = [];
    for await (const row of await m.createQueryBuilder(Artist, 'a').orderBy('a.id').stream()) found.push(row);
    return found;
  },
  'raw SQL': (m) => m.query(`select * from artist order by id`),
  'an aggregate': (m) => m.createQueryBuilder(Artist, 'a').select('max(a.name)', 'max').getRawOne(),
  'a selection without a key of microseconds': (m) =>
    m.find(Reading, { select: { celsius: true }, order: { celsius: 1 } }),
};

const compareTitles = (one: Piece, other: Piece): number => one.title.localeCompare(other.title);

function sortPieces(rooms: Room[]): Room[] {
  for (const { pieces } of rooms) pieces.sort(compareTitles);
  return rooms;
}
