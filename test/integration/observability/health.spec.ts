import { type Backstory, onEvent } from '@backstory/adapter';
import {
  BACKSTORY,
  BackstoryHealthIndicator,
  type BackstoryHealthThresholds,
  BackstoryModule,
} from '@backstory/nest-module';
import { createTestDatabase, type TestDatabase } from '@backstory/test/postgres';
import { Controller, Get, type INestApplication, Injectable, Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { HealthCheck, HealthCheckService, TerminusModule } from '@nestjs/terminus';
import { TypeOrmModule } from '@nestjs/typeorm';
import request from 'supertest';
import { Column, DataSource, Entity, PrimaryGeneratedColumn } from 'typeorm';

@Entity()
class Letter {
  @PrimaryGeneratedColumn()
  id: number;

  @Column({ type: 'text' })
  text: string;
}

let thresholds: BackstoryHealthThresholds = {};

@Controller('health')
class HealthController {
  constructor(
    private readonly health: HealthCheckService,
    private readonly backstory: BackstoryHealthIndicator,
  ) {}

  @Get()
  @HealthCheck()
  check(): Promise<unknown> {
    return this.health.check([() => this.backstory.check('backstory', thresholds)]);
  }
}

describe('the health indicator', () => {
  let database: TestDatabase;
  let application: INestApplication;

  beforeEach(async () => {
    database = await createTestDatabase();
    thresholds = {};
  });

  afterEach(async () => {
    await application.close();
    await database.drop();
  });

  /** Terminus logs every unhealthy answer. */
  async function start(...imports: object[]): Promise<void> {
    @Module({
      imports: [
        TypeOrmModule.forRoot({ type: 'postgres', url: database.url, entities: [Letter], synchronize: true }),
        BackstoryModule.forRoot({ startConsumers: false }),
        ...imports.map((module) => module as never),
      ],
      controllers: [HealthController],
    })
    class Application {}
    application = await NestFactory.create(Application, { logger: false });
    await application.init();
  }

  const health = async (): Promise<{ status: number; body: { details: Record<string, object> } }> =>
    request(application.getHttpServer() as never).get('/health');

  it('is up, with its figures', async () => {
    await start(TerminusModule);
    expect(await health()).toMatchObject({
      status: 200,
      body: {
        details: {
          backstory: { status: 'up', lagSeconds: 0, failingSeconds: 0, parked: 0, drifted: 0, faults: 0 },
        },
      },
    });
  });

  it('is down while a trigger is disabled, and says which', async () => {
    await start(TerminusModule);
    await application.get(DataSource).query('alter table letter disable trigger "00_backstory_update"');
    const reasons = [expect.stringMatching(/trigger "00_backstory_update" of "public"."letter" is disabled/)];
    expect(await health()).toMatchObject({
      status: 503,
      body: { details: { backstory: { status: 'down', faults: 1, reasons } } },
    });
    thresholds = { maxFaults: Infinity };
    expect(await health()).toMatchObject({ status: 200 });
  });

  it('counts rows without a first event as drift where reads rely on events', async () => {
    await start(TerminusModule);
    const backstory = application.get<Backstory>(BACKSTORY);
    const { manager } = application.get(DataSource);
    await manager.query(`alter table letter disable trigger user; insert into letter (text) values ('a'), ('b');
      alter table letter enable trigger user`);
    await backstory.verify();
    thresholds = { maxDrifted: 0 };
    expect(await health()).toMatchObject({ status: 200 });
    await backstory.stages.set('letter', 'replay', { force: true });
    expect(await health()).toMatchObject({
      status: 503,
      body: { details: { backstory: { reasons: ['2 streams have drifted'], drifted: 2 } } },
    });
  });

  it('is down beyond its thresholds for lag, parked events and drift', async () => {
    await start(TerminusModule);
    const backstory = application.get<Backstory>(BACKSTORY);
    const handlers = [
      onEvent('LetterCreated', () => {
        throw new Error('no');
      }),
    ];
    backstory.consumers.define({ name: 'mailer', attempts: 1, handlers });
    await backstory.consumers.start();
    const { manager } = application.get(DataSource);
    await manager.insert(Letter, { text: 'a' });
    await backstory.consumers.wait('mailer');
    await backstory.consumers.stop();
    await manager.insert(Letter, { text: 'b' });
    await manager.query(`alter table letter disable trigger user; update letter set text = 'c' where id = 1;
      alter table letter enable trigger user`);
    await backstory.verify();
    expect(await health()).toMatchObject({ status: 200 });
    thresholds = { maxLagSeconds: 0, maxParked: 0, maxDrifted: 0 };
    expect(await health()).toMatchObject({
      status: 503,
      body: {
        details: {
          backstory: {
            reasons: ['a consumer is 0 s behind', '1 events are parked', '1 streams have drifted'],
            lagSeconds: expect.any(Number),
            parked: 1,
            drifted: 1,
          },
        },
      },
    });
  });

  it('is down, and answers, when the database does not', async () => {
    await start(TerminusModule);
    const locker = new DataSource({ type: 'postgres', url: database.url });
    await locker.initialize();
    const runner = locker.createQueryRunner();
    await runner.startTransaction();
    await runner.query('lock table backstory.consumers in access exclusive mode');
    thresholds = { timeoutMs: 100 };
    expect(await health()).toMatchObject({
      status: 503,
      body: { details: { backstory: { reasons: ["the database can't be asked: no answer in 100 ms"] } } },
    });
    await runner.rollbackTransaction();
    await runner.release();
    await locker.destroy();
  });

  it('throws what Terminus 10 understands, where that is the one', async () => {
    // Terminus 10 provides this and no HealthIndicatorService
    @Injectable()
    class OfTerminus10 {
      check(): void {}
    }
    Object.defineProperty(OfTerminus10, 'name', { value: 'HealthCheckService' });
    @Module({
      providers: [OfTerminus10, { provide: HealthCheckService, useExisting: OfTerminus10 }],
      exports: [HealthCheckService],
    })
    class Terminus10Module {}
    await start(Terminus10Module);
    await application.get(DataSource).query('drop trigger "00_backstory_insert" on letter');
    const indicator = application.get(BackstoryHealthIndicator);
    await expect(indicator.check('history')).rejects.toMatchObject({
      isHealthCheckError: true,
      causes: { history: { status: 'down', faults: 1 } },
    });
  });
});
