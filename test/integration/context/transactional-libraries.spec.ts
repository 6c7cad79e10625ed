import { type Backstory, createBackstory, runInContext } from '@backstory/adapter';
import { BackstoryModule, RunInContext } from '@backstory/nest-module';
import { createTestDatabase, type TestDatabase } from '@backstory/test/postgres';
import { type INestApplicationContext, Injectable, Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { getDataSourceToken, TypeOrmModule } from '@nestjs/typeorm';
import {
  ClsPluginTransactional,
  Propagation as ClsPropagation,
  Transactional as ClsTransactional,
  TransactionHost,
} from '@nestjs-cls/transactional';
import { TransactionalAdapterTypeOrm } from '@nestjs-cls/transactional-adapter-typeorm';
import { ClsModule } from 'nestjs-cls';
import { DataSource } from 'typeorm';
import {
  addTransactionalDataSource,
  deleteDataSourceByName,
  initializeTransactionalContext,
  Propagation,
  runOnTransactionCommit,
  StorageDriver,
  Transactional,
} from 'typeorm-transactional';
import { metadataOfNotes } from './metadata-of-notes.js';
import { Note } from './note.entity.js';

const context = { actor: 'anna', correlationId: 'c-1', causationId: 'm-7' };
const refusal = new Error('refused');

describe('transactions of typeorm-transactional', () => {
  class Service {
    constructor(private readonly dataSource: DataSource) {}

    @Transactional()
    async outer(text: string, inner: () => Promise<unknown>): Promise<void> {
      await this.write(`${text} before`);
      await inner();
      await this.write(`${text} after`);
    }

    @Transactional({ propagation: Propagation.REQUIRED })
    async joined(text: string, error?: Error): Promise<void> {
      await this.write(text);
      if (error) throw error;
    }

    @Transactional({ propagation: Propagation.NESTED })
    async nested(text: string, error?: Error): Promise<void> {
      await this.write(text);
      if (error) throw error;
    }

    @Transactional({ propagation: Propagation.REQUIRES_NEW })
    async separate(text: string): Promise<void> {
      await this.write(text);
    }

    @Transactional()
    async thenOnCommit(text: string): Promise<void> {
      await this.write(text);
      runOnTransactionCommit(() => void committed.push(this.write(`${text} committed`)));
    }

    async write(text: string): Promise<void> {
      await this.dataSource.getRepository(Note).save({ text });
    }
  }

  const committed: Promise<void>[] = [];
  let database: TestDatabase;
  let dataSource: DataSource;
  let backstory: Backstory;
  let service: Service;

  beforeAll(async () => {
    initializeTransactionalContext({ storageDriver: StorageDriver.AUTO });
    database = await createTestDatabase();
    dataSource = addTransactionalDataSource(
      new DataSource({
        type: 'postgres',
        url: database.url,
        entities: [Note],
        synchronize: true,
        poolSize: 2,
      }),
    );
    await dataSource.initialize();
    backstory = await createBackstory(dataSource);
    service = new Service(dataSource);
  });

  afterAll(async () => {
    await backstory.close();
    await dataSource.destroy();
    deleteDataSourceByName('default');
    await database.drop();
  });

  it('are captured with their context, however they nest', async () => {
    await runInContext(context, () =>
      service.outer('a', async () => {
        await service.joined('joined');
        await service.nested('nested');
        await service.nested('undone', refusal).catch(() => undefined);
        await runInContext({ actor: 'ben' }, () => service.separate('separate'));
      }),
    );
    expect(await metadataOfNotes(dataSource)).toEqual({
      'a before': context,
      joined: context,
      nested: context,
      separate: { actor: 'ben' },
      'a after': context,
    });
  });

  it('leave nothing when they are rolled back, but for what was committed on its own', async () => {
    const failing = runInContext(context, () =>
      service.outer('b', async () => {
        await service.separate('b separate');
        await service.joined('b joined', refusal);
      }),
    );
    await expect(failing).rejects.toBe(refusal);
    const ofB = Object.keys(await metadataOfNotes(dataSource)).filter((text) => text.startsWith('b '));
    expect(ofB).toEqual(['b separate']);
  });

  it('keep the context in what runs after their commit', async () => {
    await runInContext(context, () => service.thenOnCommit('c'));
    while (committed.length === 0) await new Promise((resolve) => setImmediate(resolve));
    await Promise.all(committed);
    expect(await metadataOfNotes(dataSource)).toMatchObject({ c: context, 'c committed': context });
  });

  it('are each of their own writer, many at a time on two connections', async () => {
    await Promise.all(
      Array.from({ length: 20 }, (_, n) =>
        runInContext({ actor: `user ${n}` }, () => service.outer(`d${n}`, () => service.joined(`d${n}`))),
      ),
    );
    const metadata = await metadataOfNotes(dataSource);
    for (let n = 0; n < 20; n++)
      for (const text of [`d${n} before`, `d${n}`, `d${n} after`])
        expect(metadata[text]).toEqual({ actor: `user ${n}` });
    expect(await backstory.verify()).toMatchObject({ clean: true });
  });
});

@Injectable()
class ClsNotes {
  constructor(private readonly host: TransactionHost<TransactionalAdapterTypeOrm>) {}

  @RunInContext(context)
  @ClsTransactional<TransactionalAdapterTypeOrm>({ isolationLevel: 'REPEATABLE READ' })
  async outer(text: string, inner: () => Promise<unknown>): Promise<void> {
    await this.write(`${text} before`);
    await inner();
    await this.write(`${text} after`);
  }

  @ClsTransactional()
  async joined(text: string, error?: Error): Promise<void> {
    await this.write(text);
    if (error) throw error;
  }

  @ClsTransactional(ClsPropagation.Nested)
  async nested(text: string, error?: Error): Promise<void> {
    await this.write(text);
    if (error) throw error;
  }

  @ClsTransactional(ClsPropagation.RequiresNew)
  @RunInContext({ actor: 'ben', correlationId: 'c-2' })
  async separate(text: string): Promise<void> {
    await this.write(text);
  }

  async write(text: string): Promise<void> {
    await this.host.tx.getRepository(Note).save({ text });
  }
}

describe('transactions of @nestjs-cls/transactional', () => {
  let database: TestDatabase;
  let app: INestApplicationContext;
  let notes: ClsNotes;

  beforeAll(async () => {
    database = await createTestDatabase();

    @Module({
      imports: [
        TypeOrmModule.forRoot({ type: 'postgres', url: database.url, entities: [Note], synchronize: true }),
        BackstoryModule.forRoot(),
        ClsModule.forRoot({
          plugins: [
            new ClsPluginTransactional({
              imports: [TypeOrmModule],
              adapter: new TransactionalAdapterTypeOrm({ dataSourceToken: getDataSourceToken() }),
            }),
          ],
        }),
      ],
      providers: [ClsNotes],
    })
    class AppModule {}

    app = await NestFactory.createApplicationContext(AppModule, { logger: ['error'] });
    notes = app.get(ClsNotes);
  });

  afterAll(async () => {
    await app.close();
    await database.drop();
  });

  it('are captured with their context, however they nest', async () => {
    await notes.outer('a', async () => {
      await notes.joined('joined');
      await notes.nested('nested');
      await notes.nested('undone', refusal).catch(() => undefined);
      await notes.separate('separate');
    });
    expect(await metadataOfNotes(app.get(DataSource))).toEqual({
      'a before': context,
      joined: context,
      nested: context,
      separate: { actor: 'ben', correlationId: 'c-2', causationId: 'c-1' },
      'a after': context,
    });
  });

  it('leave nothing when they are rolled back, but for what was committed on its own', async () => {
    const failing = notes.outer('b', async () => {
      await notes.separate('b separate');
      await notes.joined('b joined', refusal);
    });
    await expect(failing).rejects.toBe(refusal);
    const ofB = Object.keys(await metadataOfNotes(app.get(DataSource))).filter((text) =>
      text.startsWith('b '),
    );
    expect(ofB).toEqual(['b separate']);
  });
});
