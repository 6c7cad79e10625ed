import 'reflect-metadata';
import { type Backstory } from '@backstory/adapter';
import {
  BACKSTORY,
  BackstoryHistoryModule,
  type BackstoryHistoryModuleOptions,
  BackstoryModule,
} from '@backstory/nest-module';
import { createTestDatabase, type TestDatabase } from '@backstory/test/postgres';
import {
  type CanActivate,
  type DynamicModule,
  type ExecutionContext,
  type FactoryProvider,
  type INestApplication,
  Injectable,
  Module,
  SetMetadata,
} from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import { TypeOrmModule } from '@nestjs/typeorm';
import type { Server } from 'node:http';
import request from 'supertest';
import { Column, DataSource, Entity, PrimaryColumn, PrimaryGeneratedColumn } from 'typeorm';

@Entity()
class Account {
  @PrimaryGeneratedColumn()
  id: number;

  @Column({ type: 'text' })
  name: string;

  @Column({ type: 'text', default: 'hash' })
  passwordHash: string;

  @Column({ type: 'text', default: '' })
  remark: string;
}

/** With a category of its own, and a key of two columns. */
@Entity()
class Seat {
  @PrimaryColumn({ type: 'text' })
  row: string;

  @PrimaryColumn({ type: 'int' })
  number: number;

  @Column({ type: 'text', default: '' })
  guest: string;
}

@Injectable()
class Keys {
  readonly reader = 'reader-key';
}

@Module({ providers: [Keys], exports: [Keys] })
class KeysModule {}

@Injectable()
class ReaderGuard implements CanActivate {
  constructor(private readonly keys: Keys) {}

  canActivate(execution: ExecutionContext): boolean {
    const { headers, params } = execution
      .switchToHttp()
      .getRequest<{ headers: Record<string, string>; params: Record<string, string> }>();
    return headers['authorization'] === this.keys.reader && params['id'] !== '666';
  }
}

describe.each(['express', 'fastify'] as const)('histories for users, on %s', (platform) => {
  let database: TestDatabase;
  let app: INestApplication<Server>;
  let backstory: Backstory;
  let dataSource: DataSource;

  beforeEach(async () => {
    database = await createTestDatabase();
  });

  afterEach(async () => {
    await app?.close();
    await database.drop();
  });

  async function open(options: BackstoryHistoryModuleOptions): Promise<void> {
    await openWith(BackstoryHistoryModule.forRoot(options));
  }

  async function openWith(history: DynamicModule): Promise<void> {
    @Module({
      imports: [
        TypeOrmModule.forRoot({
          type: 'postgres',
          url: database.url,
          entities: [Account, Seat],
          synchronize: true,
        }),
        BackstoryModule.forRoot({
          aggregates: [
            { entity: Account, include: ['passwordHash'] },
            { entity: Seat, category: 'place' },
          ],
          topics: ['mailings'],
        }),
        history,
      ],
    })
    class Application {}
    app =
      platform === 'fastify'
        ? await NestFactory.create(Application, new FastifyAdapter(), { logger: false })
        : await NestFactory.create(Application, { logger: false });
    await app.listen(0, '127.0.0.1');
    backstory = app.get<Backstory>(BACKSTORY);
    dataSource = app.get(DataSource);
  }

  const get = (path: string) => request(app.getHttpServer()).get(path);

  it('are not there without a guard, or the word that everybody may read them', () => {
    for (const options of [{}, { guards: [] }, { open: false }, { open: 'yes' }])
      expect(() => BackstoryHistoryModule.forRoot(options as never)).toThrow(/has no guard/);
    expect(() => BackstoryHistoryModule.forRoot({ open: true, limit: 0 })).toThrow(/limit 0/);
  });

  it('are for whom the guards let in, of what the options name, without what is hidden', async () => {
    await open({
      guards: [ReaderGuard],
      imports: [KeysModule],
      aggregates: [{ aggregate: Account, hide: ['passwordHash'] }],
      decorators: [SetMetadata('seen', 'yes')],
    });
    await backstory.runInContext({ actor: 'ada' }, async () => {
      await dataSource.manager.insert(Account, { name: 'one' });
      await dataSource.manager.update(Account, 1, { name: 'two', passwordHash: 'other' });
      await dataSource.manager.update(Account, 1, { passwordHash: 'third' });
    });
    await dataSource.manager.insert(Seat, { row: 'a', number: 1 });
    expect((await get('/history/account/1')).status).toBe(403);
    const may = (path: string) => get(path).set('authorization', 'reader-key');
    expect((await may('/history/account/666')).status).toBe(403);
    const { body, text } = await may('/history/account/1');
    expect(text).not.toMatch(/passwordHash|third/);
    expect(body).toEqual({
      category: 'account',
      id: '1',
      before: null,
      entries: [
        {
          position: 2,
          type: 'AccountUpdated',
          kind: 'changed',
          at: expect.stringMatching(/^20.*Z$/),
          actor: 'ada',
          origin: 'capture',
          changes: [{ property: 'name', before: 'one', after: 'two' }],
          parts: [],
        },
        expect.objectContaining({
          position: 1,
          kind: 'created',
          changes: [
            { property: 'id', after: 1 },
            { property: 'name', after: 'one' },
            { property: 'remark', after: '' },
          ],
        }),
      ],
    });
    expect((await may('/history/Account/1')).body.entries).toHaveLength(2);
    for (const path of ['seat/a:1', 'place/a:1', 'mailings/1', 'nothing/1', 'account/2', 'account/x'])
      expect([path, (await may(`/history/${path}`)).status]).toEqual([path, 404]);
  });

  it('have what the configuration says, behind guards that are given beside it', async () => {
    const useFactory = ({ reader }: Keys) => ({
      limit: reader.length - 9,
      aggregates: [{ aggregate: Account, hide: ['name'] }],
    });
    expect(() => BackstoryHistoryModule.forRootAsync({ useFactory } as never)).toThrow(/has no guard/);
    const asked = { imports: [KeysModule], inject: [Keys], guards: [ReaderGuard] as const, path: 'changes' };
    const { providers = [] } = BackstoryHistoryModule.forRootAsync({
      ...asked,
      useFactory: () => ({ limit: 501 }),
    });
    const options = providers.find((provider) => 'inject' in provider);
    await expect((options as FactoryProvider).useFactory()).rejects.toThrow(/limit 501/);
    await openWith(BackstoryHistoryModule.forRootAsync({ ...asked, useFactory }));
    await dataSource.manager.insert(Account, { name: 'one' });
    await dataSource.manager.update(Account, 1, { remark: 'two' });
    expect((await get('/changes/account/1')).status).toBe(403);
    const { body } = await get('/changes/account/1').set('authorization', 'reader-key');
    expect(body.entries.map(({ changes }: { changes: unknown }) => changes)).toEqual([
      [{ property: 'remark', before: '', after: 'two' }],
    ]);
    expect(body.before).toBe(2);
    expect((await get('/changes/place/a').set('authorization', 'reader-key')).status).toBe(404);
  });

  it('have pages, a path of their own, and the category that an aggregate has', async () => {
    await open({
      open: true,
      path: 'api/changes',
      limit: 2,
      aggregates: [{ aggregate: Seat, properties: ['guest'] }, 'mailings'],
    });
    await dataSource.manager.insert(Seat, { row: 'a:b', number: 1 });
    for (const guest of ['ada', 'bob', 'cleo', 'dan'])
      await dataSource.manager.update(Seat, { number: 1 }, { guest });
    const path = `/api/changes/place/${encodeURIComponent('a%3Ab:1')}`;
    const { body } = await get(path);
    expect(body.entries.map(({ changes }: { changes: unknown }) => changes)).toEqual([
      [{ property: 'guest', before: 'cleo', after: 'dan' }],
      [{ property: 'guest', before: 'bob', after: 'cleo' }],
    ]);
    expect(body.before).toBe(4);
    const rest = await get(`${path}?before=${body.before}&limit=3`);
    expect(rest.body.entries.map(({ position }: { position: number }) => position)).toEqual([3, 2, 1]);
    expect(rest.body.entries.at(-1).changes).toEqual([{ property: 'guest', after: '' }]);
    expect(rest.body.before).toBeNull();
    for (const query of ['limit=0', 'limit=501', 'limit=x', 'before=-1', 'limit=1&limit=2'])
      expect([query, (await get(`${path}?${query}`)).status]).toEqual([query, 400]);
    expect((await get('/history/place/a')).status).toBe(404);
    await dataSource.transaction((manager) =>
      backstory.append(manager, 'mailings', '7', { type: 'Sent', data: { to: 'ada', secret: 1 } }),
    );
    expect((await get('/api/changes/mailings/7')).body.entries).toEqual([
      expect.objectContaining({ kind: 'noted', type: 'Sent', data: { to: 'ada', secret: 1 }, changes: [] }),
    ]);
  });
});
