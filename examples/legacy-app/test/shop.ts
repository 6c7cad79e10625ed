import 'reflect-metadata';
import type { INestApplication, Type } from '@nestjs/common';
import { Test } from '@nestjs/testing';
import { createTestDatabase } from '@backstory/test/postgres';
import type { Server } from 'node:http';
import supertest from 'supertest';
import { DataSource } from 'typeorm';
import { enterStageOfRun, expectNoDrift, rootModuleOfRun } from './backstory-of-run.js';

export interface ShopOptions {
  rootModule?: Type;
}

export interface Shop {
  app: INestApplication<Server>;
  dataSource: DataSource;
  http: ReturnType<typeof supertest>;
  close(): Promise<void>;
}

/** Starts the shop on the database; its migrations run. */
export async function createShop(
  databaseUrl: string,
  { rootModule = rootModuleOfRun() }: ShopOptions = {},
): Promise<Shop> {
  const urlOfRun = process.env.DATABASE_URL;
  process.env.DATABASE_URL = databaseUrl;
  try {
    const testingModule = await Test.createTestingModule({ imports: [rootModule] }).compile();
    const app = testingModule.createNestApplication<INestApplication<Server>>({ logger: ['error', 'fatal'] });
    await app.init();
    await enterStageOfRun(app);
    return {
      app,
      dataSource: app.get(DataSource),
      http: supertest(app.getHttpServer()),
      close: () => app.close(),
    };
  } finally {
    if (urlOfRun === undefined) delete process.env.DATABASE_URL;
    else process.env.DATABASE_URL = urlOfRun;
  }
}

/** A shop on a fresh database of its own. */
export async function createFreshShop(options?: ShopOptions): Promise<Shop> {
  const database = await createTestDatabase();
  const shop = await createShop(database.url, options);
  return {
    ...shop,
    close: async () => {
      await expectNoDrift(shop.app);
      await shop.close();
      await database.drop();
    },
  };
}
