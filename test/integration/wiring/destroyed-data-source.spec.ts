import { setTimeout as sleep } from 'node:timers/promises';
import { type Backstory } from '@backstory/adapter';
import { BACKSTORY, BackstoryModule, OnEvent } from '@backstory/nest-module';
import { createTestDatabase, type TestDatabase } from '@backstory/test/postgres';
import { type INestApplicationContext, Injectable, Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { TypeOrmModule } from '@nestjs/typeorm';
import { Column, DataSource, Entity, PrimaryGeneratedColumn } from 'typeorm';

@Entity()
class Parcel {
  @PrimaryGeneratedColumn({ type: 'int' })
  id: number;

  @Column({ type: 'text' })
  name: string;
}

let handled: string[] = [];

@Injectable()
class Mailer {
  @OnEvent('ParcelCreated')
  async send({ data }: { data: Partial<Parcel> }): Promise<void> {
    handled.push(data.name ?? '');
    await sleep(100);
  }
}

describe('an application that goes on without its DataSource', () => {
  let database: TestDatabase;
  let app: INestApplicationContext;
  let dataSource: DataSource;
  let lines: string[];
  const unhandled: unknown[] = [];
  const onUnhandled = (reason: unknown): void => void unhandled.push(reason);

  beforeEach(async () => {
    process.on('unhandledRejection', onUnhandled);
    database = await createTestDatabase();
    [lines, handled] = [[], []];
    const say = (message: string): void => void lines.push(message);
    const typeorm = TypeOrmModule.forRoot({
      type: 'postgres',
      url: database.url,
      entities: [Parcel],
      synchronize: true,
    });
    const history = BackstoryModule.forRoot({
      logger: { log: say, warn: say },
      stagePollMs: 50,
      consumers: { pollMs: 50 },
      seals: { everyMs: 50 },
    });
    @Module({ imports: [typeorm, history], providers: [Mailer] })
    class AppModule {}
    app = await NestFactory.createApplicationContext(AppModule, { logger: false, abortOnError: false });
    dataSource = app.get(DataSource);
    const backstory = app.get<Backstory>(BACKSTORY);
    await backstory.stages.set('parcel', 'shadow', { force: true });
    await dataSource.getRepository(Parcel).save([{ name: 'first' }, { name: 'second' }]);
    await dataSource.getRepository(Parcel).find();
    expect(lines.splice(0)).toEqual(['Captures 1 aggregate in schema "backstory": parcel in capture']);
  });

  afterEach(async () => {
    process.off('unhandledRejection', onUnhandled);
    await database.drop();
  });

  it('ends its background work with one line when somebody destroys it', async () => {
    await dataSource.destroy();
    await sleep(1000);
    expect(lines).toEqual([
      'The DataSource was destroyed: Backstory has stopped what it does in the background',
    ]);
    await app.close();
    expect(lines).toHaveLength(1);
    expect(unhandled).toEqual([]);
  });

  it('ends it with one line when the pool is ended below it', async () => {
    const { master } = dataSource.driver as unknown as { master: { end(): Promise<void> } };
    await master.end();
    await sleep(1000);
    expect(lines).toEqual([
      'The connection pool of the DataSource was ended: Backstory has stopped what it does in the background',
    ]);
    expect(unhandled).toEqual([]);
  });

  it('says nothing when the application is closed as usual', async () => {
    await app.close();
    expect(lines).toEqual([]);
    expect(unhandled).toEqual([]);
  });

  it('says once that consumers wait, however long, and again after they have gone on', async () => {
    const admin = await new DataSource({ type: 'postgres', url: database.url }).initialize();
    const waits = (): string[] => lines.filter((line) => line.startsWith('Consumer "handlers" waits: '));
    for (const times of [1, 2]) {
      await admin.query('alter table backstory.consumers rename to away');
      await sleep(1500);
      expect(waits()).toHaveLength(times);
      await admin.query('alter table backstory.away rename to consumers');
      await dataSource.getRepository(Parcel).save({ name: `after ${times}` });
      await app.get<Backstory>(BACKSTORY).consumers.wait('handlers');
      expect(handled.at(-1)).toBe(`after ${times}`);
    }
    await admin.destroy();
    await app.close();
  });
});
