import type { EntityManager } from 'typeorm';
import { Author, Novel, Shelf, Work } from './entities.js';

type Read = (manager: EntityManager) => Promise<unknown>;

/** Every style of reading entities that TypeORM has. */
export const reads: Record<string, Read> = {
  find: (m) => m.find(Author, { order: { id: 1 } }),
  'find with relations': (m) =>
    m.find(Author, {
      relations: { works: { subjects: true } },
      order: { id: 1, works: { title: 1 } },
    }),
  'find by query for relations': (m) =>
    m.find(Author, { relations: { works: true }, relationLoadStrategy: 'query', order: { id: 1 } }),
  'findOne with a condition': (m) => m.findOne(Author, { where: { home: { city: 'City 3' } } }),
  findOneByOrFail: (m) => m.findOneByOrFail(Work, { title: 'Novel 2' }),
  'findOneBy of what is not there': (m) => m.findOneBy(Author, { id: 999 }),
  findAndCount: (m) => m.findAndCount(Author, { take: 3, skip: 2, order: { id: 1 } }),
  'pages with joins': (m) =>
    m.find(Author, { relations: { works: true }, take: 2, skip: 1, order: { id: 1 } }),
  'select of some columns': (m) =>
    m.find(Author, { select: { id: true, name: true, home: { city: true } }, order: { id: 1 } }),
  'select without the key': (m) => m.find(Author, { select: { name: true }, order: { name: 1 } }),
  'soft-deleted rows': (m) => m.find(Author, { withDeleted: true, order: { id: 1 } }),
  'child entity': (m) => m.find(Novel, { order: { title: 1 } }),
  'parent entity': (m) => m.find(Work, { relations: { author: true }, order: { title: 1 } }),
  'composite key': (m) => m.find(Shelf, { order: { room: 1, number: 1 } }),
  'relation ids': (m) => m.find(Work, { loadRelationIds: true, order: { title: 1 } }),
  getMany: (m) =>
    m
      .createQueryBuilder(Author, 'a')
      .leftJoinAndSelect('a.works', 'w', 'w.price > :p', { p: 1 })
      .orderBy('a.id')
      .addOrderBy('w.title')
      .getMany(),
  getOne: (m) => m.createQueryBuilder(Work, 'w').where('w.title = :t', { t: 'Recording 1' }).getOne(),
  'the same entity under two aliases': (m) =>
    m
      .createQueryBuilder(Work, 'w')
      .innerJoinAndSelect('w.author', 'a')
      .innerJoinAndMapMany('w.siblings', Work, 's', 's.authorId = a.id')
      .orderBy('w.title')
      .addOrderBy('s.title')
      .getMany(),
  'expressions in the place of columns': (m) =>
    m
      .createQueryBuilder(Author, 'a')
      .select(['a.id', 'a.home.city'])
      .addSelect('a.id * 10', 'a_followers')
      .addSelect('upper(a.name) as a_name')
      .addSelect(`concat(a.homeCity, '!') "a_homeStreet"`)
      .addSelect((inner) => inner.select('max(w.price)').from(Work, 'w').where('w.author = a.id'), 'a_born')
      .orderBy('a.id')
      .getMany(),
  'expressions beside the columns that they replace': (m) =>
    m
      .createQueryBuilder(Author, 'a')
      .leftJoinAndSelect('a.works', 'w')
      .addSelect('upper(a.name)', 'a_name')
      .addSelect('a.born', 'a_version')
      .addSelect('w.price * 2', 'w_price')
      .orderBy('a.id')
      .addOrderBy('w.title')
      .getMany(),
  'an expression in the place of the key': (m) =>
    m.createQueryBuilder(Author, 'a').addSelect('a.id + 1', 'a_id').orderBy('a.id').getMany(),
  'an expression in the place of a part of the key': (m) =>
    m
      .createQueryBuilder(Shelf, 's')
      .addSelect('lower(s.room)', 's_room')
      .orderBy('s.room')
      .addOrderBy('s.number')
      .getMany(),
  'an expression in the place of the foreign key': (m) =>
    m.createQueryBuilder(Work, 'w').addSelect('w.authorId + 1', 'w_authorId').orderBy('w.title').getMany(),
  getRawMany: (m) => m.createQueryBuilder(Author, 'a').orderBy('a.id').getRawMany(),
  'aggregates of raw results': (m) =>
    m.createQueryBuilder(Author, 'a').select('max(a.followers)', 'most').getRawOne(),
  count: (m) => m.count(Author),
  exists: (m) => m.existsBy(Author, { name: 'Author 1' }),
};
