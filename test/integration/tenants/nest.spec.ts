import type { TenantBackstories } from '@backstory/adapter';
import { BackstoryModule, BackstoryTenantsModule, EventSourced, InjectTenants } from '@backstory/nest-module';
import { createTestDatabase, type TestDatabase } from '@backstory/test/postgres';
import { Controller, Get, Headers, type INestApplication, Module, Post } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { TypeOrmModule } from '@nestjs/typeorm';
import request from 'supertest';
import { Column, DataSource, Entity, PrimaryGeneratedColumn } from 'typeorm';
import { asTenant } from './tenancy.js';

@Entity()
@EventSourced<Bill>({ category: 'invoice', exclude: ['secret'] })
class Bill {
  @PrimaryGeneratedColumn({ type: 'int' })
  id: number;

  @Column({ type: 'text' })
  payer: string;

  @Column({ type: 'text', default: 'not for events' })
  secret: string;
}

@Controller('bills')
class BillsController {
  constructor(
    private readonly dataSource: DataSource,
    @InjectTenants() private readonly tenants: TenantBackstories,
  ) {}

  @Post()
  create(@Headers('x-tenant') tenant: string): Promise<unknown> {
    return asTenant(this.dataSource, tenant, (manager) => manager.insert(Bill, { payer: tenant }));
  }

  @Get('history')
  async history(@Headers('x-tenant') tenant: string): Promise<unknown> {
    return (await this.tenants.of(tenant)).history('invoice', '1');
  }
}

describe('tenants in an application with Nest', () => {
  let database: TestDatabase;
  let application: INestApplication;

  beforeEach(async () => {
    database = await createTestDatabase();
    const admin = await new DataSource({ type: 'postgres', url: database.url }).initialize();
    for (const tenant of ['acme', 'globex'])
      await admin.query(
        `create schema ${tenant}; create table ${tenant}.bill (id serial primary key, payer text not null, secret text not null default 's')`,
      );
    await admin.destroy();

    @Module({
      imports: [
        TypeOrmModule.forRoot({ type: 'postgres', url: database.url, entities: [Bill] }),
        BackstoryTenantsModule.forRoot({
          tenants: ['acme', 'globex'],
          context: (execution) => ({
            actor: execution.switchToHttp().getRequest<{ headers: Record<string, string> }>().headers[
              'x-user'
            ],
          }),
        }),
        BackstoryModule.forFeature([Bill]),
      ],
      controllers: [BillsController],
    })
    class AppModule {}
    application = await NestFactory.create(AppModule, { logger: false });
    await application.init();
  });

  afterEach(async () => {
    await application.close();
    await database.drop();
  });

  it('a handle is injected, what the entities say is minded, and events know who it was', async () => {
    const server = application.getHttpServer() as Parameters<typeof request>[0];
    await request(server).post('/bills').set({ 'x-tenant': 'globex', 'x-user': 'anna' }).expect(201);
    await request(server).post('/bills').set({ 'x-tenant': 'acme', 'x-user': 'bert' }).expect(201);
    const historyOf = async (tenant: string): Promise<unknown> =>
      (await request(server).get('/bills/history').set('x-tenant', tenant)).body as unknown;
    for (const [payer, actor] of [
      ['acme', 'bert'],
      ['globex', 'anna'],
    ])
      expect(await historyOf(payer as string)).toMatchObject([
        { data: { id: 1, payer }, metadata: { actor, correlationId: expect.any(String) } },
      ]);
    expect(JSON.stringify(await historyOf('acme'))).not.toContain('secret');
  });
});
