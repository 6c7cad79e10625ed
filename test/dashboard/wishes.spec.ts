import { BACKSTORY, BackstoryDashboardModule, BackstoryModule } from '@backstory/nest-module';
import type { Backstory } from '@backstory/adapter';
import { createTestDatabase, type TestDatabase } from '@backstory/test/postgres';
import { type INestApplication, Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { TypeOrmModule } from '@nestjs/typeorm';
import type { Server } from 'node:http';
import request from 'supertest';
import { Column, DataSource, Entity, PrimaryGeneratedColumn } from 'typeorm';

@Entity()
class Account {
  @PrimaryGeneratedColumn()
  id: number;

  @Column({ type: 'text' })
  name: string;

  @Column({ type: 'text' })
  motto: string;
}

describe('a change that is asked of the dashboard', () => {
  let database: TestDatabase;
  let app: INestApplication<Server>;

  beforeAll(async () => {
    database = await createTestDatabase();
    @Module({
      imports: [
        TypeOrmModule.forRoot({
          type: 'postgres',
          url: database.url,
          entities: [Account],
          synchronize: true,
        }),
        BackstoryModule.forRoot({ aggregates: [{ entity: Account }] }),
        BackstoryDashboardModule.forRoot({ authorize: () => true, allowChanges: true }),
      ],
    })
    class Application {}
    app = await NestFactory.create(Application, { logger: false });
    await app.listen(0, '127.0.0.1');
  });

  afterAll(async () => {
    await app.close();
    await database.drop();
  });

  const get = (path: string) => request(app.getHttpServer()).get(path);
  const post = (path: string, body: object) =>
    request(app.getHttpServer()).post(path).set('x-backstory-dashboard', '1').send(body);

  it('erases what it was asked to, and does nothing that it does not understand', async () => {
    const { manager } = app.get(DataSource);
    const backstory = app.get<Backstory>(BACKSTORY);
    const { id: number } = await manager.save(Account, { name: 'ada', motto: 'onwards' });
    const id = String(number);
    const erase = (wish: object) => post('/backstory/api/erase', { aggregate: 'account', id, ...wish });
    const refusals: [string, object, string][] = [
      ['erase', { aggregate: 'account', id, reason: 'r', property: ['name'] }, '"property" is not known'],
      ['erase', { aggregate: 'account', id, reason: 'r', properties: 'name' }, '"properties" is not a list'],
      ['erase', { aggregate: 'account', id, reason: 'r', properties: [] }, '"properties" is not a list'],
      [
        'erase',
        { aggregate: 'account', id, reason: 'r', properties: ['name', 7] },
        '"properties" is not a list',
      ],
      ['erase', { aggregate: 'account', id, reason: 'r', dryRun: 'true' }, '"dryRun" is not true or false'],
      ['erase', { aggregate: 'account', id, reason: 'r', dryRun: null }, '"dryRun" is not true or false'],
      ['erase', { aggregate: 'account', id, dryRun: false }, '"reason" is missing'],
      ['erase', [{ aggregate: 'account', id, reason: 'r' }], 'no object'],
      ['stage', { aggregate: 'account', to: 'off', reason: 'r', force: true }, '"force" is not known'],
      ['stage', { aggregate: 'account', to: 'off', reason: 'r', percent: '10' }, '"percent" is not a number'],
      ['stage', { aggregate: 'account', to: 'off', reason: 7 }, '"reason" is not text'],
      ['verify', { aggregate: 'account', streamIds: [id] }, '"streamIds" is not known'],
      ['repair', { aggregate: 'account', reason: 'r', truth: 'events' }, '"truth" is not known'],
      ['repair', { aggregate: 'account', dryRun: false }, '"reason" is missing'],
      ['repair', { aggregate: 'account', reason: 'r', dryRun: 'true' }, '"dryRun" is not true or false'],
      ['backfill', { aggregate: 'account', tables: 'all' }, '"tables" is not known'],
      ['backfill', {}, '"aggregate" is missing'],
      ['retry', { consumer: 'mailer', stream: '1' }, '"stream" is not known'],
      ['retry', { consumer: 'mailer', streamId: '1' }, '"category" is missing'],
      ['retry', { consumer: 'mailer', category: 'account', streamId: 1 }, '"streamId" is not text'],
      [
        'discard',
        { consumer: 'm', category: 'account', streamId: '1', reason: 'r', limit: 1 },
        '"limit" is not known',
      ],
    ];
    for (const [change, wish, message] of refusals) {
      const { status, body } = await post(`/backstory/api/${change}`, wish);
      expect([change, wish, status]).toEqual([change, wish, 400]);
      expect(body).toMatchObject({ message: expect.stringContaining(message) as string });
    }
    expect(await backstory.stages.get('account')).toBe('capture');
    expect((await get('/backstory/api/aggregate?name=account')).body.work).toBeNull();
    const first = async () => (await backstory.history('account', id))[0]?.data;
    expect(await first()).toMatchObject({ name: 'ada', motto: 'onwards' });
    const look = await erase({ properties: ['name'], dryRun: true });
    expect(look.body).toMatchObject({ dryRun: true, properties: ['name'] });
    expect(await first()).toMatchObject({ name: 'ada', motto: 'onwards' });
    const done = await erase({ properties: ['name'], reason: 'request 7' });
    expect(done.body).toMatchObject({ dryRun: false, properties: ['name'] });
    expect(await first()).toMatchObject({ name: null, motto: 'onwards' });
    await manager.delete(Account, number);
  });

  it('says what a repair would write, for how many, and repairs only with a reason', async () => {
    const dataSource = app.get(DataSource);
    const backstory = app.get<Backstory>(BACKSTORY);
    const { id } = await dataSource.manager.save(Account, { name: 'ada', motto: 'onwards' });
    await backstory.backfill();
    await dataSource.query(
      `alter table account disable trigger user; update account set motto = 'backwards'; alter table account enable trigger user`,
    );
    const look = await post('/backstory/api/repair', { aggregate: 'account', dryRun: true });
    expect(look.body).toEqual({
      drifts: 1,
      streams: 1,
      left: 0,
      withoutFirstEvent: 0,
      first: [
        {
          streamId: String(id),
          part: null,
          kind: 'value',
          values: [{ property: 'motto', before: '"onwards"', after: '"backwards"' }],
        },
      ],
    });
    expect(await backstory.history('account', String(id))).toHaveLength(1);
    expect((await post('/backstory/api/repair', { aggregate: 'nothing', dryRun: true })).status).toBe(404);
    await post('/backstory/api/repair', { aggregate: 'account', reason: 'psql' });
    const work = async () => (await get('/backstory/api/aggregate?name=account')).body.work;
    while (!(await work()).finishedAt);
    expect((await work()).outcome).toBe('1 settled; 1 rows compared, no drift');
    expect((await get('/backstory/api/drift?name=account')).body).toEqual({ streams: [], settled: [] });
    expect((await get('/backstory/api/drift?name=account&id=1')).status).toBe(400);
    await dataSource.manager.delete(Account, id);
  });

  it('backfills in the background', async () => {
    const dataSource = app.get(DataSource);
    await dataSource.query(
      `alter table account disable trigger user; insert into account (name, motto) values ('old', 'row'); alter table account enable trigger user`,
    );
    await dataSource.query(`delete from backstory.backfill_ranges; delete from backstory.backfills`);
    const { body } = await post('/backstory/api/backfill', { aggregate: 'account' });
    expect(body).toMatchObject({ kind: 'backfill', by: 'dashboard', finishedAt: null });
    const work = async () => (await get('/backstory/api/aggregate?name=account')).body.work;
    while (!(await work()).finishedAt);
    expect(await work()).toMatchObject({ failed: false, outcome: '1 first events written' });
  });
});
