// What the code on the pages takes for granted: the application around it.
import {
  type Backstory,
  type BackstoryOptions,
  createBackstory,
  onEvent,
  runInContext,
} from '@backstory/adapter';
import { createTestDatabase, type TestDatabase } from '@backstory/test/postgres';
import { createInbox, type CloudEvent } from '@backstory/adapter/inbox';
import { randomBytes } from 'node:crypto';
import { DataSource, type EntityManager, type QueryRunner } from 'typeorm';
import { Wire } from '../integration/encryption/wire.js';
import documentedOptions from './backstory-config.js';
import { Customer, entities, Order, OrderLine, OrderStatus } from './documented-entities.js';

export { Controller, Get, Injectable, Module, type OnModuleInit } from '@nestjs/common';
export {
  BackstoryDashboardModule,
  BackstoryHealthIndicator,
  BackstoryModule,
  EmitsEvent,
  EventConsumer,
  EventProjection,
  OnEvent,
  RunInContext,
} from '@backstory/nest-module';
export { Customer, Order, OrderLine, OrderStatus };
export { Cron } from '@nestjs/schedule';
export { HealthCheck, HealthCheckService } from '@nestjs/terminus';
export { createBackstory, type Delivery, onEvent, type RecordedEvent } from '@backstory/adapter';
export { type EntityManager, Repository } from 'typeorm';

export { channel, event, rawBody, request, secret } from './received-messages.js';

export let dataSource: DataSource;
export let backstory: Backstory;
export let order: Order; // 42

export class OrderShipped {
  trackingNumber: string;
}

export interface User {
  readonly id: number;
}

export interface OrderMessage {
  readonly headers: Readonly<Record<string, string>>;
}

export interface Job {
  readonly data: { readonly correlationId: string };
}

export interface Parcel {
  readonly trackingNumber: string;
  readonly by: string | undefined;
}

export class PostService {}

export class AppModule {}

export class AdminGuard {
  canActivate(): boolean {
    return true;
  }
}

/** Of an application with Express. */
export const app = {
  get: (_path: string, _handle: (request: unknown, response: ExpressResponse) => unknown): void => undefined,
};

interface ExpressResponse {
  type(type: string): this;
  send(body: string): this;
}

export const log = (..._what: unknown[]): void => undefined;
export const alarm = (_code: string): void => undefined;
export const file = 'orders.csv';
export const mail = (_to: string, _text: string): Promise<void> => Promise.resolve();
export const mailCancelled = (_to: string): Promise<void> => Promise.resolve();
export const index = (_subject: unknown): Promise<void> => Promise.resolve();
export const importOrders = (_file: string): Promise<void> => Promise.resolve();
export const createTotals = (
  manager: EntityManager,
  tables: Readonly<Record<string, string>>,
): Promise<unknown> =>
  manager.query(`create table ${tables['order_totals']} (customer text primary key, total numeric not null)`);

export const bill = (_sql: unknown, _event: CloudEvent): Promise<void> => Promise.resolve();

let runner: QueryRunner | undefined;
/** A connection, as pg has it. */
export const client = {
  query: (text: string, values?: unknown[]): Promise<unknown> =>
    (runner ??= dataSource.createQueryRunner()).query(text, values),
};

export const pool = { query: client.query };
/** Of order 42, as a broker has it. */
export let message: Wire['messages'][number];

let database: TestDatabase | undefined;

/** A shop of 50 orders, without Backstory. */
export async function openShop(): Promise<void> {
  database ??= await createTestDatabase();
  process.env['DOCUMENTED_SHOP_URL'] = database.url;
  process.env['BACKSTORY_KEYS'] ??= `2026=${randomBytes(32).toString('base64')}`;
  await connect(true);
  const customer = await dataSource.manager.save(Customer, { name: 'Anna', email: 'anna@example.org' });
  for (let n = 1; n <= 50; n++) {
    await dataSource.manager.save(Order, {
      customer,
      total: `${n}.50`,
      shipping: { street: `${n} High Street`, city: 'Oxford' },
      lines: [{ product: 'tea', quantity: n }],
      tags: [],
    });
  }
}

/** Leaves nothing of it: the next page begins anew. */
export async function closeShop(): Promise<void> {
  await releaseClient();
  await dataSource.query(
    'drop schema if exists backstory, backstory_inbox cascade; drop schema public cascade; create schema public',
  );
  const tenants = [
    'acme',
    'globex',
    'backstory_acme',
    'backstory_globex',
    'history_of_acme',
    'history_of_globex',
  ];
  for (const schema of [...tenants, 'backstory_tenants'])
    await dataSource.query(`drop schema if exists ${schema} cascade`);
  await dataSource.destroy();
}

export async function dropShop(): Promise<void> {
  await database?.drop();
}

/** Opens Backstory on it, where the block doesn't do so itself. */
export async function openBackstory(options?: BackstoryOptions): Promise<void> {
  backstory = await createBackstory(dataSource, options);
}

/** A new DataSource for each block, which may initialise it, and open a Backstory of its own. */
export async function reconnect(initialize: boolean): Promise<void> {
  await releaseClient();
  if (dataSource.isInitialized) await dataSource.destroy();
  await connect(false);
  if (!initialize) await dataSource.destroy();
}

async function releaseClient(): Promise<void> {
  await runner?.release();
  runner = undefined;
}

async function connect(synchronize: boolean): Promise<void> {
  dataSource = await new DataSource({
    type: 'postgres',
    url: process.env['DOCUMENTED_SHOP_URL'] ?? '',
    entities,
    synchronize,
  }).initialize();
  if (!synchronize) order = (await dataSource.manager.findOneBy(Order, { id: 42 })) as Order;
}

/** What has happened before some blocks; named above them by `<!-- before: … -->`. */
export const before: Readonly<Record<string, () => Promise<void>>> = {
  'a customer 42': async () => {
    await dataSource.query(`insert into customer (id, name) values (42, 'Anna') on conflict do nothing`);
  },
  'a history of order 42': async () => {
    await backstory.backfill();
    await runInContext({ actor: 'anna' }, async () => {
      for (let n = 0; n < 8; n++) await dataSource.manager.update(Order, 42, { total: `${100 + n}.00` });
    });
    await dataSource.manager.update(Order, 42, { status: OrderStatus.Shipped, shippedAt: new Date() });
  },
  'backfill and verify': async () => {
    await backstory.backfill();
    await backstory.verify();
  },
  'order 42 is published, encrypted': async () => {
    await backstory.close();
    await openBackstory(documentedOptions);
    const wire = new Wire();
    backstory.consumers.relay({ name: 'broker', publisher: wire });
    await backstory.consumers.start();
    await dataSource.manager.update(Order, 42, { shipping: { street: `${Date.now()} Low Street` } });
    await backstory.consumers.wait('broker');
    message = wire.messages.at(-1) as (typeof wire.messages)[number];
    if (!message.body.includes('$encrypted')) throw new Error('The street is published as it is.');
  },
  'the inbox is installed': () => createInbox(dataSource.manager).install(),
  'the projection is running': async () => {
    backstory.consumers.project({
      name: 'order-totals',
      tables: ['order_totals'],
      create: createTotals,
      handlers: [onEvent('OrderCreated', () => undefined)],
    });
    await backstory.consumers.start();
  },
  'the tenants acme and globex': async () => {
    await backstory.stages.set('order', 'off');
    await dataSource.query('create table if not exists public.tenant (name text primary key)');
    for (const tenant of ['acme', 'globex']) {
      await dataSource.query(`insert into public.tenant values ('${tenant}') on conflict do nothing`);
      await dataSource.query(`create schema if not exists ${tenant}`);
      for (const { tableName } of dataSource.entityMetadatas)
        await dataSource.query(
          `create table if not exists ${tenant}."${tableName}" (like public."${tableName}" including all)`,
        );
      await dataSource.query(
        `insert into ${tenant}."order" select * from public."order" on conflict do nothing`,
      );
    }
  },
  'a backfill under way': async () => {
    await backstory.backfill({ aggregates: ['order'], signal: AbortSignal.abort() });
  },
  'a stream that a consumer has parked': async () => {
    backstory.consumers.define({
      name: 'mailer',
      attempts: 1,
      handlers: [
        onEvent({ category: 'order' }, () => {
          throw new Error('No such address.');
        }),
      ],
    });
    await backstory.consumers.start();
    for (const id of [42, 43]) await dataSource.manager.update(Order, id, { express: true });
    await backstory.consumers.wait('mailer').catch(() => undefined);
    await until(async () => (await backstory.consumers.parked('mailer')).length === 2);
  },
  'clean shadow reads': async () => {
    await backstory.backfill();
    await backstory.verify();
    await backstory.stages.set('order', 'shadow');
    for (let n = 0; n < 20; n++) {
      await dataSource.manager.find(Order);
      await backstory.shadowSettled();
    }
  },
};

async function until(holds: () => Promise<boolean>): Promise<void> {
  while (!(await holds())) await new Promise((resolve) => setTimeout(resolve, 20));
}
