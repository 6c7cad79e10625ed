import {
  BACKSTORY,
  BackstoryDashboardModule,
  type BackstoryDashboardModuleOptions,
  BackstoryModule,
} from '@backstory/nest-module';
import type { Backstory } from '@backstory/adapter';
import { createTestDatabase, type TestDatabase } from '@backstory/test/postgres';
import {
  type CallHandler,
  type CanActivate,
  type ExecutionContext,
  type INestApplication,
  Injectable,
  Logger,
  Module,
  type NestInterceptor,
  ValidationPipe,
} from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import { TypeOrmModule } from '@nestjs/typeorm';
import type { Server } from 'node:http';
import { map, type Observable } from 'rxjs';
import request from 'supertest';
import { Column, DataSource, Entity, PrimaryGeneratedColumn } from 'typeorm';

@Entity()
class Account {
  @PrimaryGeneratedColumn()
  id: number;

  @Column({ type: 'text' })
  name: string;

  @Column({ type: 'text', default: 'hunter2' })
  password: string;
}

/** As many applications have one: every answer of their own controllers is put into an envelope. */
class Envelope implements NestInterceptor {
  intercept(_: ExecutionContext, next: CallHandler): Observable<unknown> {
    return next.handle().pipe(map((data) => ({ data })));
  }
}

@Injectable()
class Keys {
  readonly admin = 'admin-key';
}

@Module({ providers: [Keys], exports: [Keys] })
class KeysModule {}

@Injectable()
class AdminGuard implements CanActivate {
  constructor(private readonly keys: Keys) {}

  canActivate(execution: ExecutionContext): boolean {
    return headersOf(execution).authorization === this.keys.admin;
  }
}

function headersOf(execution: ExecutionContext): Record<string, string | undefined> {
  return execution.switchToHttp().getRequest<{ headers: Record<string, string | undefined> }>().headers;
}

describe.each(['express', 'fastify'] as const)('the dashboard on %s', (platform) => {
  let database: TestDatabase;
  let app: INestApplication<Server>;

  beforeAll(async () => {
    database = await createTestDatabase();
  });

  afterEach(() => app.close());
  afterAll(() => database.drop());

  async function open(options: BackstoryDashboardModuleOptions = {}, prefix = ''): Promise<void> {
    @Module({
      imports: [
        TypeOrmModule.forRoot({
          type: 'postgres',
          url: database.url,
          entities: [Account],
          synchronize: true,
        }),
        BackstoryModule.forRoot({
          aggregates: [{ entity: Account, exclude: ['password'] }],
          context: (execution) => ({ actor: headersOf(execution)['x-user'] }),
        }),
        BackstoryDashboardModule.forRoot(options),
      ],
    })
    class Application {}
    app =
      platform === 'fastify'
        ? await NestFactory.create(Application, new FastifyAdapter(), { logger: false })
        : await NestFactory.create(Application, { logger: false });
    app.setGlobalPrefix(prefix);
    app.useGlobalInterceptors(new Envelope());
    app.useGlobalPipes(new ValidationPipe({ transform: true, whitelist: true, forbidNonWhitelisted: true }));
    await app.listen(0, '127.0.0.1');
  }

  const get = (path: string) => request(app.getHttpServer()).get(path);
  const post = (path: string, body: object) =>
    request(app.getHttpServer()).post(path).set('x-backstory-dashboard', '1').send(body);

  it('is closed outside of development, with everything that belongs to it', async () => {
    const warn = jest.spyOn(Logger.prototype, 'warn').mockImplementation();
    await open({ allowChanges: true });
    expect(warn.mock.calls).toEqual([[expect.stringContaining('see the dashboard at /backstory: ')]]);
    for (const path of ['/backstory', '/backstory/assets/dashboard.js', '/backstory/api/overview']) {
      expect((await get(path)).status).toBe(403);
    }
    const wish = { aggregate: 'account', to: 'off', reason: 'mischief' };
    expect((await post('/backstory/api/stage', wish)).status).toBe(403);
    expect(await app.get<Backstory>(BACKSTORY).stages.get('account')).toBe('capture');
  });

  it('is open in development, for looking only', async () => {
    const environment = process.env.NODE_ENV;
    process.env.NODE_ENV = 'development';
    try {
      await open();
      expect((await get('/backstory')).status).toBe(200);
      const wish = { aggregate: 'account', id: '1', to: 'off', reason: 'mischief' };
      for (const change of ['stage', 'erase'])
        expect((await post(`/backstory/api/${change}`, wish)).status).toBe(403);
      expect((await get('/backstory/api/session')).body).toEqual({
        title: 'Backstory',
        changes: false,
        actor: 'dashboard',
      });
    } finally {
      process.env.NODE_ENV = environment;
    }
  });

  it('lets in whom guards with their own providers let in', async () => {
    await open({ guards: [AdminGuard], imports: [KeysModule] });
    expect((await get('/backstory')).status).toBe(403);
    expect((await get('/backstory').set('authorization', 'admin-key')).status).toBe(200);
    expect(
      (await get('/backstory/api/overview').set('authorization', 'admin-key')).body.aggregates,
    ).toHaveLength(1);
  });

  it('lets in whom authorize lets in, and nothing but true is a yes', async () => {
    await open({
      authorize: (execution) =>
        headersOf(execution)['x-key'] === 'yes' || (headersOf(execution)['x-key'] as unknown as boolean),
    });
    expect((await get('/backstory')).status).toBe(403);
    expect((await get('/backstory').set('x-key', 'no')).status).toBe(403);
    expect((await get('/backstory').set('x-key', 'yes')).status).toBe(200);
  });

  it('has a strict policy, and data that nobody keeps', async () => {
    await open({ authorize: () => true });
    const page = await get('/backstory');
    expect(page.headers['content-security-policy']).toBe(
      "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; " +
        "base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    );
    expect(page.headers['x-content-type-options']).toBe('nosniff');
    expect(page.text).not.toMatch(/<script(?![^>]* src=)|style=| on\w+=/);
    const data = await get('/backstory/api/overview');
    expect(data.headers['cache-control']).toBe('no-store');
    expect(data.headers['content-security-policy']).toContain("frame-ancestors 'none'");
    expect(data.headers['content-type']).toMatch(/^application\/json/);
  });

  it('answers as it is, whatever the application puts around its own answers', async () => {
    await open({ authorize: () => true });
    const { body } = await get('/backstory/api/overview');
    expect(Object.keys(body)).toContain('aggregates');
    expect((await get('/backstory/assets/dashboard.css')).headers['content-type']).toMatch(/^text\/css/);
    expect((await get('/backstory/assets/..%2fpackage.json')).status).toBe(404);
  });

  it('does not send what is known already', async () => {
    await open({ authorize: () => true });
    const first = await get('/backstory/api/doctor');
    const again = await get('/backstory/api/doctor').set('if-none-match', String(first.headers['etag']));
    expect(again.status).toBe(304);
    expect(again.text).toBe('');
  });

  it('has addresses that are relative to its own, behind a global prefix', async () => {
    await open({ authorize: () => true, path: 'ops/history' }, 'api/v2');
    const { text, status } = await get('/api/v2/ops/history?from=mail');
    expect(status).toBe(200);
    const [script] = text.match(/src="[^"]+"/) ?? [];
    expect(script).toBe('src="history/assets/dashboard.js"');
    expect((await get('/api/v2/ops/history/assets/dashboard.js')).status).toBe(200);
    expect((await get('/api/v2/ops/history/api/session')).status).toBe(200);
  });

  it('is there with a slash at its end, where the server takes that for the same address', async () => {
    await open({ authorize: () => true });
    const { text, status } = await get('/backstory/');
    expect(status).toBe(platform === 'express' ? 200 : 404);
    if (status === 200) expect(text).toContain('src="assets/dashboard.js"');
  });

  it('escapes its title', async () => {
    await open({ authorize: () => true, title: `</title><script>alert('x')</script>"` });
    const { text } = await get('/backstory');
    expect(text).not.toContain(`<script>alert`);
    expect((await get('/backstory/api/session')).body.title).toBe(`</title><script>alert('x')</script>"`);
  });

  it('takes changes from its own page only, and records who has made them', async () => {
    await open({ authorize: () => true, allowChanges: true });
    const wish = { aggregate: 'account', to: 'off', reason: 'not needed any more' };
    const backstory = app.get<Backstory>(BACKSTORY);
    const bare = request(app.getHttpServer()).post('/backstory/api/stage').send(wish);
    expect((await bare).status).toBe(403);
    const foreign = post('/backstory/api/stage', wish).set('sec-fetch-site', 'cross-site');
    expect((await foreign).status).toBe(403);
    expect(await backstory.stages.get('account')).toBe('capture');
    const own = await post('/backstory/api/stage', wish)
      .set('sec-fetch-site', 'same-origin')
      .set('x-user', 'ada');
    expect(own.status).toBe(200);
    expect((await backstory.stages.history('account')).at(-1)).toMatchObject({
      to: 'off',
      changedBy: 'ada',
      reason: 'not needed any more',
    });
    await backstory.stages.set('account', 'capture');
  });

  it('goes past no condition of a stage, and says which stand against it', async () => {
    await open({ authorize: () => true, allowChanges: true });
    const refused = await post('/backstory/api/stage', {
      aggregate: 'account',
      to: 'shadow',
      reason: 'hurry',
    });
    expect(refused.status).toBe(409);
    expect(refused.body).toMatchObject({
      code: 'STAGE_REFUSED',
      message: expect.stringContaining('backfill'),
    });
  });

  it('asks for each request whether it may change something, and who makes it', async () => {
    await open({
      authorize: () => true,
      allowChanges: (execution) => headersOf(execution)['x-role'] === 'operator',
      actor: (execution) => headersOf(execution)['x-login'],
    });
    const session = await get('/backstory/api/session').set('x-role', 'operator').set('x-login', 'grace');
    expect(session.body).toMatchObject({ changes: true, actor: 'grace' });
    expect((await post('/backstory/api/verify', { aggregate: 'account' })).status).toBe(403);
    const verify = await post('/backstory/api/verify', { aggregate: 'account' }).set('x-role', 'operator');
    expect(verify.body).toMatchObject({ kind: 'verify', by: 'dashboard' });
    const report = async () => (await get('/backstory/api/aggregate?name=account')).body;
    while (!(await report()).work.finishedAt);
    expect((await report()).work).toMatchObject({ failed: false, outcome: '0 rows compared, no drift' });
  });

  it('never shows what is excluded', async () => {
    await open({ authorize: () => true });
    const [{ id }] = await app
      .get(DataSource)
      .query(`insert into account (name) values ('ada') returning id`);
    const answers = [
      `stream?aggregate=account&id=${id}`,
      `state?aggregate=account&id=${id}&version=1`,
      `differences?aggregate=account&id=${id}&from=0&to=1`,
      'aggregate?name=account',
      'overview',
    ];
    for (const path of answers) {
      const { status, text } = await get(`/backstory/api/${path}`);
      expect(status).toBe(200);
      expect(text).not.toContain('hunter2');
    }
    await app.get(DataSource).query('delete from account');
  });

  it('says what is wrong with a question', async () => {
    await open({ authorize: () => true, allowChanges: true });
    expect((await get('/backstory/api/aggregate?name=nothing')).status).toBe(404);
    expect((await get('/backstory/api/aggregate')).status).toBe(400);
    expect((await get('/backstory/api/aggregate?name=a&name=b')).status).toBe(400);
    expect((await get('/backstory/api/aggregate?name=account&hours=never')).status).toBe(400);
    expect((await get('/backstory/api/stream?aggregate=account&id=1&before=x')).status).toBe(400);
    expect((await post('/backstory/api/stage', { aggregate: 'account', to: 'off' })).status).toBe(400);
    expect(
      (await post('/backstory/api/stage', { aggregate: 'account', to: 'gone', reason: 'x' })).status,
    ).toBe(400);
    expect((await post('/backstory/api/discard', { consumer: 'x', reason: 'all' })).status).toBe(400);
  });
});
