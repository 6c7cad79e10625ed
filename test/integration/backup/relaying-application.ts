import { type Backstory, createBackstory } from '@backstory/adapter';
import { natsPublisher } from '@backstory/adapter/nats';
import { Client } from 'pg';
import { DataSource, EntitySchema } from 'typeorm';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Receiver } from './receiver.js';

const accounts = new EntitySchema<{ id: number; balance: number }>({
  name: 'Account',
  columns: { id: { type: 'int', primary: true }, balance: { type: 'int', default: 0 } },
});

export interface Application {
  readonly dataSource: DataSource;
  readonly backstory: Backstory;
  close(): Promise<void>;
}

/** One whose relay publishes to a receiver, and lives through what happens to its server. */
export async function openApplication(
  url: string,
  receiver: Receiver,
  natsUrl: string,
): Promise<Application> {
  const dataSource = new DataSource({ type: 'postgres', url, entities: [accounts], synchronize: true });
  await dataSource.initialize();
  const backstory = await createBackstory(dataSource, {
    consumers: { leaseMs: 1000, pollMs: 50 },
    logger: { log: () => undefined, warn: () => undefined },
  });
  const { prefix } = receiver.stream;
  const subject = (): string => `${prefix}.account`;
  const publisher = natsPublisher({ url: natsUrl, source: '/bank', subject });
  backstory.consumers.relay({ name: 'nats', from: 'beginning', publisher });
  await backstory.consumers.start();
  return {
    dataSource,
    backstory,
    close: async () => {
      await backstory.close();
      await dataSource.destroy();
    },
  };
}

export async function query(url: string, statement: string): Promise<Record<string, unknown>[]> {
  const client = new Client(url);
  client.on('error', () => undefined);
  await client.connect();
  try {
    return (await client.query<Record<string, unknown>>(statement)).rows;
  } finally {
    await client.end();
  }
}

export async function killBackend(url: string): Promise<void> {
  const client = new Client(url);
  client.on('error', () => undefined);
  await client.connect();
  const { rows } = await client.query<{ pid: number }>('select pg_backend_pid() as pid');
  const gone = new Promise<void>((resolve) => client.once('end', resolve));
  process.kill(rows[0]?.pid as number, 'SIGKILL');
  await gone;
}

export async function pay(url: string, times: number, from = 1): Promise<void> {
  const client = new Client(url);
  client.on('error', () => undefined);
  await client.connect();
  await client.query(`set synchronous_commit = off`);
  for (let n = 0; n < times; n++)
    await client.query(`update account set balance = balance + 1 where id = $1`, [from + (n % 5)]);
  await client.end();
}

/** Several in one transaction, which is rolled back now and then. */
export async function payAtOnce(url: string, times: number, from: number): Promise<void> {
  const client = new Client(url);
  client.on('error', () => undefined);
  await client.connect();
  try {
    await client.query('begin');
    for (let n = 0; n < times; n++) {
      await client.query(`update account set balance = balance + 1 where id = $1`, [from + n]);
      await sleep(2);
    }
    await client.query(Math.random() < 0.3 ? 'rollback' : 'commit');
  } finally {
    await client.end();
  }
}
