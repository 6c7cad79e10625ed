import { BackstoryDashboardModule, BackstoryModule } from '@backstory/nest-module';
import { createTestDatabase, type TestDatabase } from '@backstory/test/postgres';
import { type INestApplication, Logger, Module } from '@nestjs/common';
import { NestFactory, RouterModule } from '@nestjs/core';
import { TypeOrmModule } from '@nestjs/typeorm';
import type { Server } from 'node:http';
import request from 'supertest';
import { Column, Entity, PrimaryGeneratedColumn } from 'typeorm';

@Entity()
class Account {
  @PrimaryGeneratedColumn()
  id: number;

  @Column({ type: 'text' })
  name: string;
}

interface Mount {
  path?: string;
  prefix?: string;
  exclude?: string[];
  /** What RouterModule puts in front. */
  below?: string;
}

describe('where the dashboard is', () => {
  let database: TestDatabase;

  beforeAll(async () => {
    database = await createTestDatabase();
  });

  afterAll(() => database.drop());

  function application({ path, below = '' }: Mount): new () => object {
    @Module({
      imports: [
        TypeOrmModule.forRoot({
          type: 'postgres',
          url: database.url,
          entities: [Account],
          synchronize: true,
        }),
        BackstoryModule.forRoot(),
        BackstoryDashboardModule.forRoot({ authorize: () => true, ...(path !== undefined && { path }) }),
        RouterModule.register([{ path: below, module: BackstoryDashboardModule }]),
      ],
    })
    class Application {}
    return Application;
  }

  it.each<[string, Mount, string]>([
    ['under its usual path', {}, '/backstory'],
    ['behind the global prefix', { path: 'ops/history', prefix: 'api' }, '/api/ops/history'],
    ['excluded from the prefix', { prefix: 'api', exclude: ['backstory'] }, '/backstory'],
    ['below a path of RouterModule', { prefix: 'api', below: 'ops' }, '/api/ops/backstory'],
  ])('is said once at the start: %s', async (_name, mount, path) => {
    const log = jest.spyOn(Logger.prototype, 'log').mockImplementation();
    const app: INestApplication<Server> = await NestFactory.create(application(mount), { logger: false });
    app.setGlobalPrefix(mount.prefix ?? '', { exclude: mount.exclude ?? [] });
    await app.init();
    const said = log.mock.calls.map(([message]) => String(message)).filter((each) => /^Dashboard/.test(each));
    log.mockRestore();
    expect(said).toEqual([`Dashboard at ${path}`]);
    expect((await request(app.getHttpServer()).get(path)).status).toBe(200);
    await app.close();
  });

  it('is nowhere in an application without a server, and nothing is said', async () => {
    const said: string[] = [];
    const spies = (['log', 'warn'] as const).map((level) =>
      jest.spyOn(Logger.prototype, level).mockImplementation((...words: unknown[]) => {
        said.push(String(words[0]));
      }),
    );
    const app = await NestFactory.createApplicationContext(application({}), { logger: false });
    await app.close();
    for (const spy of spies) spy.mockRestore();
    expect(said.filter((each) => /dashboard at/i.test(each))).toEqual([]);
    expect(said).toContain('Captures 1 aggregate in schema "backstory": account in capture');
  });
});
