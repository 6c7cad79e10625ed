import { type Backstory, BackstoryError } from '@backstory/adapter';
import {
  type Aggregates,
  BackstoryDashboardModule,
  BackstoryModule,
  BackstoryTenantsModule,
  EventConsumer,
  InjectAggregates,
  InjectBackstory,
  InjectTenants,
  OnEvent,
  WiringError,
} from '@backstory/nest-module';
import { createTestDatabase, type TestDatabase } from '@backstory/test/postgres';
import { type DynamicModule, Injectable, Module, type Type } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { TypeOrmModule } from '@nestjs/typeorm';
import { Column, DataSource, type DataSourceOptions, Entity, PrimaryGeneratedColumn } from 'typeorm';

@Entity()
class Parcel {
  @PrimaryGeneratedColumn({ type: 'int' })
  id: number;

  @Column({ type: 'text' })
  name: string;
}

@Injectable()
class UsesBackstory {
  constructor(@InjectBackstory() readonly backstory: Backstory) {}
}

@Injectable()
class UsesAudit {
  constructor(@InjectBackstory('audit') readonly backstory: Backstory) {}
}

@Injectable()
class UsesParcels {
  constructor(@InjectAggregates(Parcel) readonly parcels: Aggregates<Parcel>) {}
}

@Injectable()
class UsesAuditedParcels {
  constructor(@InjectAggregates(Parcel, 'audit') readonly parcels: Aggregates<Parcel>) {}
}

@Injectable()
class UsesTenants {
  constructor(@InjectTenants() readonly tenants: unknown) {}
}

@Injectable()
class Mailer {
  @OnEvent('ParcelCreated')
  send(): void {}
}

@Injectable()
@EventConsumer({ name: 'auditor', dataSource: 'audit' })
class Auditor {
  @OnEvent('ParcelCreated')
  audit(): void {}
}

describe('modules that do not fit together', () => {
  let database: TestDatabase;
  const opened: Promise<DataSource>[] = [];

  beforeAll(async () => {
    database = await createTestDatabase();
    const dataSource = await open({ type: 'postgres', url: database.url, entities: [Parcel] });
    await dataSource.synchronize();
  });

  // Nest closes nothing of an application that has failed to start
  afterEach(async () => {
    for (const dataSource of await Promise.all(opened.splice(0))) await dataSource.destroy();
  });

  afterAll(() => database.drop());

  function open(options: DataSourceOptions): Promise<DataSource> {
    const opening = new DataSource(options).initialize();
    opened.push(opening);
    return opening;
  }

  const typeorm = (name?: string): DynamicModule =>
    TypeOrmModule.forRootAsync({
      ...(name !== undefined && { name }),
      useFactory: () => ({ type: 'postgres', url: database.url, entities: [Parcel], retryAttempts: 1 }),
      dataSourceFactory: (options) => open(options as DataSourceOptions),
    });

  /** What ends the start of an application. */
  async function failureOf(imports: (DynamicModule | Type)[], ...providers: Type[]): Promise<Error> {
    @Module({ imports, providers })
    class AppModule {}
    const started = NestFactory.createApplicationContext(AppModule, { logger: false, abortOnError: false });
    try {
      await started;
    } catch (error) {
      return error as Error;
    }
    throw new Error('The application has started.');
  }

  it.each<[string, () => (DynamicModule | Type)[], string, RegExp]>([
    [
      'forFeature without forRoot',
      () => [typeorm(), BackstoryModule.forFeature([Parcel, 'Letter'])],
      'MODULE_MISSING',
      /^BackstoryModule\.forFeature\(\[Parcel, 'Letter'\]\) is imported, and nobody imports BackstoryModule\.forRoot\(\): nothing would be captured\.\n {2}What to do: Import BackstoryModule\.forRoot\(\) in the root module/,
    ],
    [
      'forFeature for a DataSource without a history',
      () => [typeorm('audit'), BackstoryModule.forFeature([Parcel], 'audit')],
      'MODULE_MISSING',
      /nobody imports BackstoryModule\.forRoot\(\{ dataSource: 'audit' \}\)/,
    ],
    [
      'a name that no DataSource has',
      () => [typeorm('orders'), typeorm('audit'), BackstoryModule.forRoot({ dataSource: 'adit' })],
      'DATA_SOURCE_UNKNOWN',
      /^BackstoryModule is for the DataSource "adit", which the application doesn't have\. It has: audit, orders\.\n {2}What to do: Give BackstoryModule the name of one of them, \{ dataSource: 'audit' \}\./,
    ],
    [
      'a name where the only DataSource has none',
      () => [typeorm(), BackstoryModule.forRoot({ dataSource: 'audit' })],
      'DATA_SOURCE_UNKNOWN',
      /It has: default\.\n {2}What to do: Leave \{ dataSource: 'audit' \} out of BackstoryModule/,
    ],
    [
      'no name where each DataSource has one',
      () => [typeorm('orders'), BackstoryModule.forRoot()],
      'DATA_SOURCE_UNKNOWN',
      /is for the DataSource without a name, which the application doesn't have\. It has: orders\./,
    ],
    [
      'no TypeOrmModule',
      () => [BackstoryModule.forRoot()],
      'DATA_SOURCE_UNKNOWN',
      /^BackstoryModule is imported, and the application has no DataSource\.\n {2}What to do: Import TypeOrmModule\.forRoot\(\{ type: 'postgres', … \}\) in the root module/,
    ],
    [
      'no TypeOrmModule, with options from the configuration',
      () => [BackstoryModule.forRootAsync({ useFactory: () => ({}) })],
      'DATA_SOURCE_UNKNOWN',
      /^BackstoryModule is imported, and the application has no DataSource\./,
    ],
    [
      'tenants without TypeOrmModule',
      () => [BackstoryTenantsModule.forRoot({ tenants: ['acme'] })],
      'DATA_SOURCE_UNKNOWN',
      /^BackstoryTenantsModule is imported, and the application has no DataSource\./,
    ],
    [
      'a dashboard without a history',
      () => [typeorm(), BackstoryDashboardModule.forRoot()],
      'MODULE_MISSING',
      /^BackstoryDashboardModule shows a history, and nobody imports BackstoryModule\.forRoot\(\)\./,
    ],
  ])('%s: %#', async (_name, imports, code, message) => {
    const error = await failureOf(imports());
    expect(error).toBeInstanceOf(WiringError);
    expect(BackstoryError.is(error)).toBe(true);
    expect(error).toMatchObject({ code, message: expect.stringMatching(message) as string });
  });

  it('forRoot twice for one DataSource, named with who imports it', async () => {
    @Module({ imports: [BackstoryModule.forRoot({ aggregates: [Parcel] })] })
    class ParcelsModule {}
    const error = await failureOf([typeorm(), BackstoryModule.forRoot(), ParcelsModule]);
    expect(error).toMatchObject({
      name: 'WiringError',
      code: 'MODULE_TWICE',
      message: expect.stringMatching(
        /^BackstoryModule\.forRoot\(\) is imported 2 times for one DataSource, in (AppModule and ParcelsModule|ParcelsModule and AppModule)\./,
      ) as string,
    });
  });

  it('a DataSource of the application’s own that the module can not see', async () => {
    @Module({
      providers: [
        {
          provide: DataSource,
          useFactory: () => new DataSource({ type: 'postgres', url: database.url, entities: [Parcel] }),
        },
      ],
    })
    class DatabaseModule {}
    expect(await failureOf([DatabaseModule, BackstoryModule.forRoot()])).toMatchObject({
      code: 'DATA_SOURCE_UNKNOWN',
      message: expect.stringContaining(
        `can't see the DataSource "default" that DatabaseModule provides.\n  What to do: Put @Global() on DatabaseModule`,
      ) as string,
    });
  });

  it('an unreachable database keeps its own error', async () => {
    const unreachable = TypeOrmModule.forRoot({
      type: 'postgres',
      url: 'postgres://127.0.0.1:1/none',
      retryAttempts: 1,
    });
    const ours = [
      BackstoryDashboardModule.forRoot(),
      BackstoryModule.forFeature([Parcel]),
      BackstoryModule.forRoot(),
    ];
    for (const imports of [
      [unreachable, ...ours],
      [...ours, unreachable],
    ])
      expect(await failureOf(imports, UsesBackstory)).toMatchObject({ code: 'ECONNREFUSED' });
  });

  it.each<[Type, string]>([
    [UsesBackstory, 'Symbol(Backstory, of BackstoryModule.forRoot() in the root module)'],
    [UsesAudit, "Symbol(Backstory, of BackstoryModule.forRoot({ dataSource: 'audit' }) in the root module)"],
    [
      UsesParcels,
      "Symbol(Aggregates of Backstory, of BackstoryModule.forFeature([Parcel]) in this module's imports)",
    ],
    [
      UsesAuditedParcels,
      "Symbol(Aggregates of Backstory, of BackstoryModule.forFeature([Parcel], 'audit') in this module's imports)",
    ],
    [UsesTenants, 'Symbol(Tenants of Backstory, of BackstoryTenantsModule.forRoot() in the root module)'],
  ])('Nest’s own error says which module %p lacks', async (provider, token) => {
    const { message } = await failureOf([typeorm()], provider);
    expect(message).toContain(
      `Nest can't resolve dependencies of the ${provider.name} (?). Please make sure that the argument ${token} at index [0] is available in the AppModule`,
    );
  });

  it('handlers of a DataSource without a history', async () => {
    expect(await failureOf([typeorm(), BackstoryModule.forRoot()], Mailer, Auditor)).toMatchObject({
      name: 'WiringError',
      code: 'MODULE_MISSING',
      message: expect.stringContaining(
        `Auditor handles events of the DataSource "audit", and nobody imports BackstoryModule.forRoot({ dataSource: 'audit' }): they would never be called.`,
      ) as string,
    });
  });

  it('handlers beside tenants only', async () => {
    const tenants = BackstoryTenantsModule.forRoot({ tenants: ['public'] });
    expect(await failureOf([typeorm(), tenants], Mailer)).toMatchObject({
      code: 'MODULE_MISSING',
      message: expect.stringContaining('Mailer handles events of the DataSource "default"') as string,
    });
  });
});
