import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createBackstory } from '@backstory/adapter';
import { createTestDatabase, startPostgres } from '@backstory/test/postgres';
import { DataSource, type EntityManager } from 'typeorm';
import { version } from '../../packages/adapter/package.json';
import { Author, Novel, Recording, Shelf, Subject, Work } from '../library/entities.js';
import { unseen } from '../library/unseen.js';
import { fixtureAggregates, fixtureEntities, hostile } from './fixture-entities.js';
import { statesOfAllVersions } from './states-of-all-versions.js';

/**
 * Records the fixture of the version at hand, once before its release; what a released version has recorded is never
 * written again: `node -r ./test/typescript-process.cjs test/upgrade/record-fixture-process.ts`.
 */
async function main(): Promise<void> {
  const server = await startPostgres();
  const database = await createTestDatabase({ serverUrl: server.url });
  const dataSource = await new DataSource({
    type: 'postgres',
    url: database.url,
    entities: fixtureEntities,
    synchronize: true,
  }).initialize();
  const { manager } = dataSource;
  await writeBeforeCapture(manager);
  const backstory = await createBackstory(dataSource, { aggregates: fixtureAggregates });
  await backstory.backfill();
  await backstory.runInContext({ actor: 'Ω "o\'clock" */', correlationId: 'c-1' }, () =>
    writeCaptured(manager),
  );
  await unseen(
    dataSource,
    `update author set name = 'behind the back' where id = 2`,
    `delete from subject where code = 'b'`,
    `insert into shelf (room, number) values ('unseen', 9)`,
    `update work set title = 'corrected' where "authorId" = 1 and kind = 'Novel'`,
  );
  await backstory.repair({ by: 'ops', reason: 'fixture' });
  if (!(await backstory.verify()).clean) throw new Error('What was recorded does not replay to the tables');
  const folder = join(__dirname, version);
  mkdirSync(folder, { recursive: true });
  const rows: { row: string }[] = await dataSource.query(
    'select row_to_json(e)::text as row from backstory.events e order by global_position',
  );
  writeFileSync(join(folder, 'events.jsonl'), rows.map(({ row }) => `${row}\n`).join(''));
  const states = await statesOfAllVersions(dataSource, backstory);
  writeFileSync(join(folder, 'expected.json'), `${JSON.stringify(states, null, 1)}\n`);
  await backstory.close();
  await dataSource.destroy();
  await database.drop();
  await server.stop();
}

async function writeBeforeCapture(manager: EntityManager): Promise<void> {
  await manager.save(
    manager.create(Author, {
      name: 'before capture',
      followers: '9007199254740993',
      home: { city: 'City', street: null },
      preferences: { __proto__: null, deep: [{ n: 1.5 }, null] },
      works: [manager.create(Novel, { title: 'first', price: 1999, pages: 7 })],
    }),
  );
  await manager.insert(Subject, { code: 'a', label: 'A' });
  await manager.insert('Sample', hostile);
}

async function writeCaptured(manager: EntityManager): Promise<void> {
  const author = await manager.save(
    manager.create(Author, {
      name: '__proto__',
      home: {},
      born: '0044-03-15',
      pseudonyms: ['x,y', '"', '{}', ''],
      works: [manager.create(Recording, { title: 'tape', duration: '1 day 02:03:04.000005' })],
    }),
  );
  await manager.update(Author, 1, { home: { street: 'Street' } });
  await manager.softDelete(Author, 1);
  await manager.restore(Author, 1);
  await manager.insert(Subject, { code: 'b', label: 'B' });
  await manager.delete(Subject, { code: 'a' });
  await manager.insert(Subject, { code: 'a', label: 'A, again' });
  const [tape] = author.works;
  await manager.createQueryBuilder().relation(Work, 'subjects').of(tape).add('a');
  await manager.createQueryBuilder().relation(Work, 'author').of(tape).set(1);
  await manager.delete(Work, { title: 'first' });
  await manager.save(manager.create(Novel, { title: 'second', author: { id: 1 } }));
  await manager.save(Shelf, {
    room: 'a:%',
    number: 1,
    barcode: Buffer.from([0, 255]),
    dusted: new Date(2020, 1, 29, 12),
  });
  await manager.query(`update shelf set number = 2 where room = 'a:%'`);
  await manager.delete(Shelf, { number: 2 });
  await manager.insert('Sample', { ...hostile, key: ' ' });
  await manager.update('Sample', hostile.key, { prototype: null, flag: false, double: 0.1, data: 'null' });
  await manager.query(
    `update sample set data = '{"__proto__":{"constructor":1},"n":[1e400,1.00]}' where key = ' '`,
  );
  for (let n = 0; n < 10; n++) await manager.update(Author, 2, { followers: String(n) });
}

void main().catch((error: unknown) => {
  process.stderr.write(`${String((error as Error).stack)}\n`);
  process.exit(1);
});
