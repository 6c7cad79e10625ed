// The OpenAPI document of an application with histories: node print-openapi.mjs <database> esm|cjs|without
import 'reflect-metadata';
import { createRequire } from 'node:module';
import Module from 'node:module';
import { NestFactory } from '@nestjs/core';
import { DocumentBuilder, SwaggerModule } from '@nestjs/swagger';
import { TypeOrmModule } from '@nestjs/typeorm';
import { EntitySchema } from 'typeorm';

const [, , url, format] = process.argv;
const require = createRequire(import.meta.url);
if (format === 'without') {
  const loader = /** @type {{ _resolveFilename: (...args: any[]) => string }} */ (
    /** @type {unknown} */ (Module)
  );
  const resolve = loader._resolveFilename;
  loader._resolveFilename = (request, ...rest) => {
    if (request !== '@nestjs/swagger') return resolve(request, ...rest);
    throw Object.assign(new Error(`Cannot find module '${request}'`), { code: 'MODULE_NOT_FOUND' });
  };
}
const { BackstoryHistoryModule, BackstoryModule } =
  format === 'esm' ? await import('@backstory/nest-module') : require('@backstory/nest-module');
const Note = new EntitySchema({ name: 'Note', columns: { id: { type: 'int', primary: true } } });

class Application {}
const app = await NestFactory.create(
  {
    module: Application,
    imports: [
      TypeOrmModule.forRoot({ type: 'postgres', url, entities: [Note], synchronize: true }),
      BackstoryModule.forRoot({ aggregates: [Note] }),
      BackstoryHistoryModule.forRoot({ open: true }),
    ],
  },
  { logger: ['warn', 'error'] },
);
const document = SwaggerModule.createDocument(app, new DocumentBuilder().build());
await app.close();
console.log(JSON.stringify(document));
