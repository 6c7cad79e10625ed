// What the examples in docstrings take for granted beside what the pages do.
import {
  createBackstoryForTenants,
  fileDigests,
  fileKeys,
  folderFiles,
  onEvent,
  type RecordedEvent,
  type TenantBackstories,
} from '@backstory/adapter';
import { createInbox } from '@backstory/adapter/inbox';
import { Aggregates, BackstoryHealthIndicator } from '@backstory/nest-module';
import { ModulesContainer } from '@nestjs/core';
import { Registry } from 'prom-client';
import documentedOptions from './backstory-config.js';
import * as shop from './taken-for-granted.js';

export * from './taken-for-granted.js';
export { Param, ParseIntPipe, Post } from '@nestjs/common';
export { Test } from '@nestjs/testing';
export { Type } from 'class-transformer';
export { DataSource, Entity, type QueryRunner } from 'typeorm';

export const trackingNumber = '1Z999';
export const email = 'anna@example.org';

export class OrderPlaced {
  constructor(readonly total: string) {}
}

export class OrderShipped {
  constructor(readonly trackingNumber: string) {}
}

export class ReminderSent {
  constructor(readonly channel: string) {}
}

export class OrderNotPlaced extends Error {
  constructor(id?: number) {
    super(`Order ${id ?? 'unknown'} is not placed.`);
  }
}
export class EmailTaken extends Error {}

/** As `@nestjs/config` has it. */
export class ConfigService {
  get<Value = string>(name: string): Value | undefined {
    return process.env[name] as Value | undefined;
  }
}

/** Of the application: what its service does. */
export const shipping = {
  ship: (id: number, _trackingNumber: string): Promise<unknown> =>
    shop.dataSource.manager.update(shop.Order, id, { status: shop.OrderStatus.Shipped }),
};

/** A command, as specifications try it. */
export const ship =
  (number: string) =>
  (order?: shop.Order): OrderShipped => {
    if (!order) throw new OrderNotPlaced();
    return new OrderShipped(number);
  };

export const orderEvolution = {
  OrderPlaced: (order: shop.Order, { total }: OrderPlaced) =>
    void Object.assign(order, { total, status: shop.OrderStatus.Placed }),
  OrderShipped: (order: shop.Order) => void Object.assign(order, { status: shop.OrderStatus.Shipped }),
};

export const register = new Registry();
export const error: unknown = new Error('Something else.');
export const recorded: RecordedEvent = {
  globalPosition: '90210',
  category: 'order',
  streamId: '42',
  streamPosition: 3,
  type: 'OrderUpdated',
  change: 'updated',
  schemaVersion: 1,
  data: { total: '80.40' },
  metadata: { origin: 'capture' },
  recordedAt: new Date('2026-03-01T09:30:00.124Z'),
};

/** Clients of others, which are only handed over. */
export const producer = { send: () => Promise.resolve([]) };
export class KMS {
  encrypt = (): Promise<never> => Promise.reject(new Error('No such service.'));
  decrypt = this.encrypt;
}
export class S3 {
  putObject = (): Promise<object> => Promise.resolve({});
}
export const otherDataSource = { query: (): Promise<unknown> => Promise.resolve([]) };
export const health = {
  check: (indicators: (() => Promise<unknown>)[]) => Promise.all(indicators.map((each) => each())),
};
export const { publisher, received, deliver, effects, provider, store, close } = {
  publisher: { publish: () => Promise.resolve() },
  received: () => [],
  deliver: () => Promise.resolve('handled' as const),
  effects: () => Promise.resolve([]),
  provider: fileKeys('backstory.keys'),
  store: folderFiles('lake/shop'),
  close: () => Promise.resolve(),
};

/** As Nest injects it. */
export const moduleRef = { get: <Provider>(_token: symbol): Provider => undefined as Provider };
export const mark: string | undefined = undefined;
export let indicator: BackstoryHealthIndicator;
export let orders: Aggregates<shop.Order>;
export let tenants: TenantBackstories;

const reopened = async (...options: Parameters<typeof shop.openBackstory>): Promise<void> => {
  await shop.backstory.close();
  await shop.openBackstory(...options);
};
const shopBefore = (name: string): Promise<void> => shop.before[name]?.() ?? Promise.reject(new Error(name));

/** What has happened before some examples, beside what has before blocks of pages. */
export const before: typeof shop.before = {
  ...shop.before,
  'commands are known': async () => {
    await reopened({ aggregates: ['all', { entity: shop.Order, evolve: orderEvolution }] });
    await shop.dataSource.manager.update(shop.Order, 42, { status: shop.OrderStatus.Placed });
    orders = new Aggregates(shop.Order, shop.backstory);
  },
  'personal data are known': async () => {
    await reopened(documentedOptions);
    await shop.backstory.backfill();
  },
  'the log is exported': async () => {
    await shop.backstory.backfill();
    await shop.backstory.files.export('lake/shop');
  },
  'the log is sealed': async () => {
    await shopBefore('a history of order 42');
    await shop.backstory.seals.seal({ digest: fileDigests('digests.jsonl') });
  },
  'a message has come': async () => {
    await createInbox(shop.dataSource.manager).install();
    await shopBefore('order 42 is published, encrypted');
  },
  'a mailer is defined': () => {
    shop.backstory.consumers.define({ name: 'mailer', handlers: [onEvent('OrderUpdated', () => undefined)] });
    return Promise.resolve();
  },
  'the application is healthy': () => {
    indicator = new BackstoryHealthIndicator(shop.backstory, new ModulesContainer());
    return Promise.resolve();
  },
  'the tenants are open': async () => {
    await shopBefore('the tenants acme and globex');
    tenants = await createBackstoryForTenants(shop.dataSource, { tenants: ['acme', 'globex'] });
  },
};
