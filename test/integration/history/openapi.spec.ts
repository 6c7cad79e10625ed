import 'reflect-metadata';
import { BackstoryHistoryModule, BackstoryModule } from '@backstory/nest-module';
import { createTestDatabase, type TestDatabase } from '@backstory/test/postgres';
import { type INestApplication, Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { ApiBearerAuth, ApiTags, DocumentBuilder, type OpenAPIObject, SwaggerModule } from '@nestjs/swagger';
import { TypeOrmModule } from '@nestjs/typeorm';
import { execFile } from 'node:child_process';
import path from 'node:path';
import { promisify } from 'node:util';
import request from 'supertest';
import { Column, DataSource, Entity, PrimaryGeneratedColumn } from 'typeorm';

@Entity()
class Account {
  @PrimaryGeneratedColumn()
  id: number;

  @Column({ type: 'text' })
  name: string;
}

interface Schema {
  type?: string;
  nullable?: boolean;
  required?: string[];
  enum?: unknown[];
  properties?: Record<string, Schema>;
  items?: Schema;
}

const schemaOf = (document: OpenAPIObject, route: string): Schema => {
  const responses = document.paths[route]?.get?.responses ?? {};
  const { content } = responses['200'] as { content: Record<string, { schema: Schema }> };
  return content['application/json']?.schema ?? {};
};

/** Whether a schema allows a value, and knows all of its properties. */
function misfits(value: unknown, schema: Schema, at = '$'): string[] {
  if (value === null) return schema.nullable ? [] : [`${at} is null`];
  if (schema.enum && !schema.enum.includes(value)) return [`${at} is ${JSON.stringify(value)}`];
  if (schema.type === 'array')
    return (value as unknown[]).flatMap((each, i) => misfits(each, schema.items ?? {}, `${at}[${i}]`));
  if (schema.type === 'object') {
    const given = value as Record<string, unknown>;
    const missing = (schema.required ?? []).filter((name) => !(name in given));
    return [
      ...missing.map((name) => `${at}.${name} is missing`),
      ...Object.entries(given).flatMap(([name, each]) =>
        schema.properties?.[name]
          ? misfits(each, schema.properties[name], `${at}.${name}`)
          : [`${at}.${name} is not described`],
      ),
    ];
  }
  const type = schema.type === 'integer' ? 'number' : schema.type;
  return type === undefined || typeof value === type ? [] : [`${at} is no ${type}`];
}

describe('the OpenAPI document of an application with histories', () => {
  let database: TestDatabase;
  let app: INestApplication | undefined;

  beforeEach(async () => {
    database = await createTestDatabase();
  });

  afterEach(async () => {
    await app?.close();
    app = undefined;
    await database.drop();
  });

  it('has each route with its parameters, and an answer is as its schema says', async () => {
    @Module({
      imports: [
        TypeOrmModule.forRoot({
          type: 'postgres',
          url: database.url,
          entities: [Account],
          synchronize: true,
        }),
        BackstoryModule.forRoot({ aggregates: [Account] }),
        BackstoryHistoryModule.forRoot({ open: true }),
        BackstoryHistoryModule.forRootAsync({
          open: true,
          path: 'api/changes',
          decorators: [ApiTags('users'), ApiBearerAuth()],
          useFactory: () => ({ aggregates: [Account] }),
        }),
      ],
    })
    class Application {}
    app = await NestFactory.create(Application, { logger: false });
    const document = SwaggerModule.createDocument(app, new DocumentBuilder().build());
    expect(Object.keys(document.paths)).toEqual(['/history/{category}/{id}', '/api/changes/{category}/{id}']);
    const route = document.paths['/history/{category}/{id}']?.get;
    expect(route).toMatchObject({
      operationId: 'HistoryController_page',
      summary: 'The changes of one entity, newest first',
      tags: ['History'],
    });
    expect(route?.parameters).toEqual([
      expect.objectContaining({ name: 'category', in: 'path', required: true, schema: { type: 'string' } }),
      expect.objectContaining({ name: 'id', in: 'path', required: true, schema: { type: 'string' } }),
      expect.objectContaining({
        name: 'limit',
        in: 'query',
        required: false,
        schema: { type: 'integer', minimum: 1, maximum: 500 },
      }),
      expect.objectContaining({
        name: 'before',
        in: 'query',
        required: false,
        schema: { type: 'integer', minimum: 1 },
      }),
    ]);
    expect(document.paths['/api/changes/{category}/{id}']?.get).toMatchObject({
      operationId: 'ApiChangesController_page',
      tags: ['users'],
      security: [{ bearer: [] }],
    });
    await app.listen(0, '127.0.0.1');
    const { manager } = app.get(DataSource);
    const { id } = await manager.save(manager.create(Account, { name: 'one' }));
    await manager.update(Account, id, { name: 'two' });
    const { body } = await request(app.getHttpServer()).get(`/api/changes/account/${id}`);
    expect(body.entries).toHaveLength(2);
    expect(misfits(body, schemaOf(document, '/api/changes/{category}/{id}'))).toEqual([]);
  });

  it.each([
    ['esm', ['limit', 'before']],
    ['cjs', ['limit', 'before']],
    ['without', []],
  ])('where the packages are loaded as they are published: %s', async (format, described) => {
    const { stdout } = await promisify(execFile)(process.execPath, [
      path.join(__dirname, 'print-openapi.mjs'),
      database.url,
      format,
    ]);
    const document = JSON.parse(stdout) as OpenAPIObject;
    const route = document.paths['/history/{category}/{id}']?.get;
    const parameters = route?.parameters as { name: string; schema: { type?: string } }[];
    const integers = parameters.filter(({ schema }) => schema.type === 'integer');
    expect(integers.map(({ name }) => name)).toEqual(described);
    expect(document.paths).toHaveProperty(['/history/{category}/{id}']);
  });
});
