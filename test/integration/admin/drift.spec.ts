import { type Backstory, createBackstory } from '@backstory/adapter';
import { createTestDatabase, type TestDatabase } from '@backstory/test/postgres';
import { Column, DataSource, Entity, PrimaryColumn } from 'typeorm';

@Entity()
class Ticket {
  @PrimaryColumn({ type: 'text' })
  id: string;

  @Column({ type: 'text' })
  title: string;

  @Column({ type: 'text' })
  secret: string;
}

let database: TestDatabase;
let dataSource: DataSource;
let backstory: Backstory;

beforeAll(async () => {
  database = await createTestDatabase();
  dataSource = new DataSource({
    type: 'postgres',
    url: database.url,
    entities: [Ticket],
    synchronize: true,
  });
  await dataSource.initialize();
  backstory = await createBackstory(dataSource, {
    aggregates: [{ entity: Ticket, exclude: ['secret'] }],
  });
  for (const id of ['a', 'b', 'c', 'd'])
    await dataSource.getRepository(Ticket).save({ id, title: `title of ${id}`, secret: 'hunter2' });
  await backstory.backfill();
});

afterAll(async () => {
  await backstory.close();
  await dataSource.destroy();
  await database.drop();
});

const behind = async (statement: string): Promise<void> => {
  await dataSource.query(
    `alter table ticket disable trigger user; ${statement}; alter table ticket enable trigger user`,
  );
};

it('is told value by value, replay beside row, with the last events of its stream', async () => {
  expect(await backstory.admin.drift('ticket')).toEqual({ streams: [], settled: [] });
  await behind(`update ticket set title = 'changed', secret = 'other secret' where id = 'a'`);
  await behind(`delete from ticket where id = 'b'`);
  await backstory.verify();
  const { streams, settled } = await backstory.admin.drift('Ticket');
  expect(settled).toEqual([]);
  const byId = new Map(streams.map((stream) => [stream.streamId, stream]));
  expect([...byId.keys()].sort()).toEqual(['a', 'b']);
  expect(byId.get('a')).toMatchObject({
    foundBy: 'verify',
    drift: [
      {
        part: null,
        kind: 'value',
        values: [{ property: 'title', row: { json: '"changed"' }, replay: { json: '"title of a"' } }],
        positions: [],
      },
    ],
    lastEvents: [{ type: 'TicketCreated', streamPosition: 1 }],
  });
  expect(byId.get('b')?.drift).toMatchObject([{ kind: 'missing row' }]);
  expect(JSON.stringify(streams)).not.toMatch(/hunter2|other secret/);
});

it('leaves the list when it is settled, before anybody verifies again', async () => {
  await behind(`insert into ticket values ('b', 'title of b', 'hunter2')`);
  const { streams } = await backstory.admin.drift('ticket');
  expect(streams.map(({ streamId }) => streamId)).toEqual(['a']);
});

it('is counted since the last clean verify, not for ever', async () => {
  const times = async (): Promise<number[]> =>
    (await backstory.admin.aggregate('ticket')).status.differences.map((each) => each.times);
  await backstory.verify();
  expect(await times()).toEqual([2, 1]);
  await backstory.repair();
  // one that has not compared everything is no proof of the rest
  await backstory.verify({ streamIds: ['a'], aggregates: ['ticket'] });
  expect(await times()).toEqual([2, 1]);
  expect((await backstory.verify()).clean).toBe(true);
  expect(await times()).toEqual([]);
  expect((await backstory.admin.aggregate('ticket')).examples).toEqual([]);
  await behind(`update ticket set title = 'again' where id = 'c'`);
  await backstory.verify();
  expect(await times()).toEqual([1]);
});

it('that reads have found stays until they are counted anew, and says that it is none now', async () => {
  await backstory.repair();
  await backstory.verify();
  await backstory.stages.set('ticket', 'shadow');
  await behind(`update ticket set title = 'read' where id = 'd'`);
  await dataSource.getRepository(Ticket).find();
  await backstory.shadowSettled();
  expect((await backstory.admin.drift('ticket')).streams).toMatchObject([
    { streamId: 'd', foundBy: 'shadow' },
  ]);
  await backstory.repair();
  await backstory.verify();
  expect(await backstory.admin.drift('ticket')).toMatchObject({
    streams: [],
    settled: [{ streamId: 'd', foundBy: 'shadow', properties: ['title'] }],
  });
});
