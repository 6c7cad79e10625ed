import type { DataSource, EntityManager } from 'typeorm';
import { Author, Condition, Novel, Recording, Shelf, Subject, Work } from './entities.js';
import type { Random } from './random.js';

type Write = (manager: EntityManager, random: Random) => Promise<unknown>;

const keys = 40;
const text = (random: Random): string =>
  random.pick([
    '',
    'plain',
    "o'clock",
    '"quoted"',
    'back\\slash',
    '/* */ --',
    'Ω≈ç√ 🐈',
    '{}',
    'null',
    '__proto__',
    '%3A:',
  ])! + random.integer(0, 999);
const authorId = (random: Random): number => 1 + random.integer(0, keys - 1);

const anAuthor = (manager: EntityManager, random: Random): Author =>
  manager.create(Author, {
    name: text(random),
    followers: random.pick(['0', '9223372036854775807', '-9223372036854775808']),
    home: { street: random.pick([null, text(random)]), city: text(random) },
    preferences: {
      theme: text(random),
      list: [random.next(), null, true],
      nested: { deep: { n: random.integer(0, 8) } },
    },
    born: random.pick([null, '0044-03-15', '1999-12-31']),
    pseudonyms: random.pick([[], ['a'], ['x,y', '"', '{}', '']]),
  });

/** Writes in every style, each tolerant of rows that aren't there. */
export const writes: Record<string, Write> = {
  'save insert': (manager, random) => manager.save(anAuthor(manager, random)),
  'save cascade': (manager, random) => {
    const author = anAuthor(manager, random);
    author.works = [
      manager.create(Novel, {
        title: text(random),
        pages: random.integer(0, 998),
        price: random.integer(0, 99_998),
      }),
      manager.create(Recording, {
        title: text(random),
        duration: random.pick(['1 day 02:03:04.000005', '-1 mons', null]),
      }),
    ];
    return manager.save(author);
  },
  'save update': async (manager, random) => {
    const author = await manager.findOneBy(Author, { id: authorId(random) });
    if (!author) return;
    author.name = text(random);
    author.home.city = text(random);
    await manager.save(author);
  },
  'save nothing changed': async (manager, random) => {
    const author = await manager.findOneBy(Author, { id: authorId(random) });
    if (author) await manager.save(author);
  },
  insert: (manager, random) => manager.insert(Author, anAuthor(manager, random)),
  update: (manager, random) => manager.update(Author, { id: authorId(random) }, { name: text(random) }),
  'update without effect': (manager, random) =>
    manager.query(`update author set name = name where id = $1`, [authorId(random)]),
  'update many': (manager, random) =>
    manager
      .createQueryBuilder()
      .update(Work)
      .set({ title: () => `title || '!'` })
      .where('length(title) < :n', { n: random.integer(0, 11) })
      .execute(),
  increment: (manager, random) =>
    manager.increment(Author, { id: authorId(random), followers: '0' }, 'followers', 3),
  upsert: (manager, random) =>
    manager.upsert(
      Subject,
      [
        { code: `s${random.integer(0, 8)}`, label: text(random) },
        { code: `t${random.integer(0, 8)}`, label: text(random) },
      ],
      ['code'],
    ),
  'insert or ignore': (manager, random) =>
    manager
      .createQueryBuilder()
      .insert()
      .into(Subject)
      .values({ code: `s${random.integer(0, 8)}`, label: text(random) })
      .orIgnore()
      .execute(),
  'composite key': (manager, random) =>
    manager.save(Shelf, {
      room: random.pick(['a', 'a:b', 'a%3Ab', ':', 'ü']),
      number: random.integer(0, 2),
      barcode: random.pick([null, Buffer.from([0, 1, 255])]),
      dusted: random.pick([null, new Date(random.integer(0, 2 ** 30) * 1000)]),
    }),
  'change of key': (manager, random) =>
    manager.query(
      `update shelf set number = number + 100 where room = $1 and number < 3 and not exists (
         select from shelf o where o.room = shelf.room and o.number = shelf.number + 100)`,
      [random.pick(['a', 'a:b', ':'])],
    ),
  delete: (manager, random) => manager.delete(Author, { id: authorId(random) }),
  remove: async (manager, random) => {
    const [work] = await manager.find(Work, { take: 1, skip: random.integer(0, 19) });
    if (work) await manager.remove(work);
  },
  'soft delete': (manager, random) => manager.softDelete(Author, { id: authorId(random) }),
  'soft remove and recover': async (manager, random) => {
    const author = await manager.findOneBy(Author, { id: authorId(random) });
    if (!author) return;
    await manager.softRemove(author);
    if (random.next() < 0.5) await manager.recover(author);
  },
  restore: (manager, random) => manager.restore(Author, { id: authorId(random) }),
  'relation of': async (manager, random) => {
    const [work] = await manager.find(Work, { take: 1, skip: random.integer(0, 19) });
    const [subject] = await manager.find(Subject, { take: 1, skip: random.integer(0, 4) });
    if (!work || !subject) return;
    await manager.createQueryBuilder().relation(Work, 'subjects').of(work).remove(subject);
    if (random.next() < 0.7)
      await manager.createQueryBuilder().relation(Work, 'subjects').of(work).add(subject);
  },
  'change of parent': async (manager, random) => {
    const [work] = await manager.find(Work, { take: 1, skip: random.integer(0, 19) });
    const author = await manager.findOneBy(Author, { id: authorId(random) });
    if (work) await manager.createQueryBuilder().relation(Work, 'author').of(work).set(author);
  },
  'raw statement with CTE': (manager, random) =>
    manager.query(
      `with gone as (delete from work where id in (select id from work order by id limit 1) returning title)
       insert into subject (code, label) select 'cte' || $1, title from gone on conflict (code) do update set label = excluded.label`,
      [random.integer(0, 4)],
    ),
  'raw enum and numeric': (manager, random) =>
    manager.query(
      `update work set condition = $1, price = $2 where id in (select id from work order by id limit 2)`,
      [random.pick([Condition.New, Condition.Used]), random.pick(['1.00', '1.0', null, '9999999999.99'])],
    ),
  'nested transaction rolled back': (manager, random) =>
    manager.transaction(async (outer) => {
      await outer.insert(Author, anAuthor(outer, random));
      await outer
        .transaction(async (inner) => {
          await inner.update(Author, { id: authorId(random) }, { name: 'never' });
          throw new Error('undo');
        })
        .catch(() => undefined);
      await outer.update(Author, { id: authorId(random) }, { name: text(random) });
    }),
  'transaction rolled back': (manager, random) =>
    manager
      .transaction(async (inner) => {
        await inner.insert(Author, anAuthor(inner, random));
        await inner.delete(Author, { id: authorId(random) });
        throw new Error('undo');
      })
      .catch(() => undefined),
};

/** Conflicts of writers with each other are part of the game; anything else is a fault. */
const expected = new Set(['40P01', '23503', '23505']);

/** Runs `count` random writes, one after the other. */
export async function writeRandomly(dataSource: DataSource, random: Random, count: number): Promise<void> {
  for (let n = 0; n < count; n++) {
    const [name, write] = random.pick(Object.entries(writes))!;
    try {
      await write(dataSource.manager, random);
    } catch (error) {
      const { code, schema, name: kind, message } = error as Error & { code?: string; schema?: string };
      if (schema === 'backstory') throw error;
      if (expected.has(code ?? '') || kind === 'OptimisticLockVersionMismatchError') continue;
      throw new Error(`"${name}" (write ${n}) failed: ${message}`, { cause: error });
    }
  }
}
