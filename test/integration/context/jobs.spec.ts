import { setTimeout as sleep } from 'node:timers/promises';
import { runInContext } from '@backstory/adapter';
import { BackstoryModule, RunInContext } from '@backstory/nest-module';
import { createTestDatabase, type TestDatabase } from '@backstory/test/postgres';
import { type INestApplicationContext, Injectable, Module, SetMetadata } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { Cron, Interval, ScheduleModule, SchedulerRegistry } from '@nestjs/schedule';
import { InjectDataSource, TypeOrmModule } from '@nestjs/typeorm';
import { DataSource } from 'typeorm';
import { type Metadata, metadataOfNotes } from './metadata-of-notes.js';
import { Note } from './note.entity.js';

const generatedId = expect.stringMatching(/^[0-9a-f-]{36}$/) as unknown;
/** Never on its own while the tests run: they fire the jobs. */
const never = '0 0 1 1 *';

interface Job {
  readonly data: { readonly text: string; readonly correlationId?: string };
}

@Injectable()
class Jobs {
  private prefix = 'by ';

  constructor(@InjectDataSource() private readonly dataSource: DataSource) {}

  @Cron(never, { name: 'above', waitForCompletion: true })
  @RunInContext({ actor: 'nightly job' })
  async cronAbove(): Promise<void> {
    await this.write('cron above');
    await sleep(5);
    await this.write('cron above, later');
  }

  @RunInContext({ actor: 'weekly job' })
  @Cron(never, { name: 'below', waitForCompletion: true })
  async cronBelow(): Promise<void> {
    await this.write('cron below');
  }

  @Interval('interval', 10)
  @RunInContext({ actor: 'interval' })
  async interval(): Promise<void> {
    await this.write('interval');
  }

  @RunInContext((job: Job) => ({ actor: 'queue', correlationId: job.data.correlationId }))
  async process(job: Job, suffix: string): Promise<string> {
    await this.write(job.data.text);
    return this.prefix + job.data.text + suffix;
  }

  @RunInContext(() => {
    throw new Error('no such job');
  })
  async badlySaid(): Promise<void> {
    await this.write('badly said');
  }

  @RunInContext()
  @SetMetadata('queue', 'mail')
  failing(_first: string, _second: string): Promise<never> {
    return Promise.reject(new Error('failed'));
  }

  write(text: string): Promise<unknown> {
    return this.dataSource.transaction((manager) => manager.insert(Note, { text }));
  }
}

describe('@RunInContext', () => {
  let database: TestDatabase;
  let app: INestApplicationContext;
  let jobs: Jobs;

  beforeAll(async () => {
    database = await createTestDatabase();

    @Module({
      imports: [
        TypeOrmModule.forRoot({ type: 'postgres', url: database.url, entities: [Note], synchronize: true }),
        BackstoryModule.forRoot(),
        ScheduleModule.forRoot(),
      ],
      providers: [Jobs],
    })
    class AppModule {}

    app = await NestFactory.createApplicationContext(AppModule, { logger: ['error'] });
    jobs = app.get(Jobs);
  });

  afterAll(async () => {
    await app.close();
    await database.drop();
  });

  const recorded = (): Promise<Record<string, Metadata>> => metadataOfNotes(app.get(DataSource));

  it('gives each call of a scheduled method a context of its own, above @Cron and below it', async () => {
    const registry = app.get(SchedulerRegistry);
    await registry.getCronJob('above').fireOnTick();
    await registry.getCronJob('below').fireOnTick();
    const first = await recorded();
    expect(first).toMatchObject({
      'cron above': { actor: 'nightly job', correlationId: generatedId },
      'cron below': { actor: 'weekly job', correlationId: generatedId },
    });
    expect(first['cron above, later']).toEqual(first['cron above']);
    await registry.getCronJob('above').fireOnTick();
    const second = await recorded();
    expect(second['cron above']?.['correlationId']).not.toBe(first['cron above']?.['correlationId']);
  });

  it('works where the scheduler itself calls', async () => {
    let metadata = await recorded();
    while (!metadata['interval']) metadata = await recorded();
    app.get(SchedulerRegistry).deleteInterval('interval');
    expect(metadata['interval']).toEqual({ actor: 'interval', correlationId: generatedId });
  });

  it('asks a function of the arguments, and hands on arguments, this and result', async () => {
    expect(await jobs.process({ data: { text: 'mail 1', correlationId: 'c-1' } }, '!')).toBe('by mail 1!');
    await jobs.process({ data: { text: 'mail 2' } }, '!');
    expect(await recorded()).toMatchObject({
      'mail 1': { actor: 'queue', correlationId: 'c-1' },
      'mail 2': { actor: 'queue', correlationId: generatedId },
    });
  });

  it('is caused by the context in which it is called, and leaves it as it was', async () => {
    await runInContext({ actor: 'anna', correlationId: 'request-1' }, async () => {
      await jobs.cronBelow();
      await jobs.write('after the job');
    });
    await jobs.write('outside');
    const { outside, ...inside } = await recorded();
    expect(inside).toMatchObject({
      'cron below': { actor: 'weekly job', correlationId: generatedId, causationId: 'request-1' },
      'after the job': { actor: 'anna', correlationId: 'request-1' },
    });
    expect(outside).toEqual({});
  });

  it('does not fail the method where the function fails', async () => {
    const log = jest.spyOn(process.stdout, 'write').mockReturnValue(true);
    await jobs.badlySaid();
    log.mockRestore();
    expect(await recorded()).toMatchObject({ 'badly said': { correlationId: generatedId } });
  });

  it('keeps what others see of the method: its name, parameters, metadata and errors', async () => {
    const { failing } = Jobs.prototype;
    expect([failing.name, failing.length]).toEqual(['failing', 2]);
    expect(Reflect.getMetadata('queue', failing)).toBe('mail');
    await expect(jobs.failing('a', 'b')).rejects.toThrow('failed');
  });
});
