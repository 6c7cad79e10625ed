import 'reflect-metadata';
import { type Backstory, onEvent } from '@backstory/adapter';
import { BACKSTORY } from '@backstory/nest-module';
import { createTestDatabase } from '@backstory/test/postgres';
import type { INestApplication } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import type { AddressInfo } from 'node:net';
import type { Server } from 'node:http';
import { DataSource } from 'typeorm';
import { ShopWithBackstoryModule } from '../../examples/legacy-app/src/backstory/shop-with-backstory.module.js';
import { databaseOptions } from '../../examples/legacy-app/src/database-options.js';
import { seedShop } from '../../examples/legacy-app/src/seed/seed-shop.js';

export interface ShopWithDashboard {
  readonly app: INestApplication<Server>;
  readonly backstory: Backstory;
  readonly dataSource: DataSource;
  readonly origin: string;
  /** What its consumer `mailer` fails with; undefined when it doesn't. */
  mailFailure: string | undefined;
  close(): Promise<void>;
}

/** The shop with the rows of some years, which adopts Backstory and is looked at in development. */
export async function openShopWithDashboard(): Promise<ShopWithDashboard> {
  const database = await createTestDatabase();
  const before = new DataSource(databaseOptions(database.url));
  await before.initialize();
  await seedShop(before, { scale: 0.01 });
  await before.destroy();
  const environment = { ...process.env };
  process.env.NODE_ENV = 'development';
  process.env.DATABASE_URL = database.url;
  const app = await NestFactory.create<INestApplication<Server>>(ShopWithBackstoryModule, {
    logger: ['error', 'fatal'],
  });
  if (environment.DATABASE_URL === undefined) delete process.env.DATABASE_URL;
  else process.env.DATABASE_URL = environment.DATABASE_URL;
  const backstory = app.get<Backstory>(BACKSTORY);
  const shop: ShopWithDashboard = {
    app,
    backstory,
    dataSource: app.get(DataSource),
    origin: '',
    mailFailure: undefined,
    close: async () => {
      await app.close();
      await database.drop();
      process.env.NODE_ENV = environment.NODE_ENV;
    },
  };
  backstory.consumers.define({
    name: 'mailer',
    attempts: 1,
    handlers: [
      onEvent({ category: 'customer' }, () => {
        if (shop.mailFailure !== undefined) throw new Error(shop.mailFailure);
      }),
    ],
  });
  await app.listen(0, '127.0.0.1');
  await backstory.consumers.start();
  const { port } = app.getHttpServer().address() as AddressInfo;
  return Object.assign(shop, { origin: `http://127.0.0.1:${port}` });
}
