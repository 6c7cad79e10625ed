import {
  type Backstory,
  type BackstoryOptions,
  createBackstory,
  type RecordedEvent,
} from '@backstory/adapter';
import { createTestDatabase } from '@backstory/test/postgres';
import { Column, DataSource, Entity, PrimaryColumn } from 'typeorm';
import { setTimeout as sleep } from 'node:timers/promises';

@Entity()
export class Account {
  @PrimaryColumn({ type: 'int' })
  id: number;

  @Column({ type: 'int', default: 0 })
  balance: number;
}

/** Written by handlers, to see what their own events say. */
@Entity()
export class Letter {
  @PrimaryColumn({ type: 'text' })
  id: string;

  @Column({ type: 'text' })
  text: string;
}

/** An application of a few accounts: the ground on which consumers are tried. */
export interface Ledger {
  readonly url: string;
  readonly dataSource: DataSource;
  readonly backstory: Backstory;
  /** Another instance of the application on the same database. */
  instance(options?: BackstoryOptions): Promise<{ dataSource: DataSource; backstory: Backstory }>;
  open(id: number): Promise<void>;
  pay(id: number, amount?: number): Promise<void>;
  close(): Promise<void>;
}

/** `serverUrl`: of another server than that of the run. */
export async function openLedger(options: BackstoryOptions = {}, serverUrl?: string): Promise<Ledger> {
  const database = await createTestDatabase(serverUrl === undefined ? {} : { serverUrl });
  const opened: { dataSource: DataSource; backstory: Backstory }[] = [];
  const instance = async (more: BackstoryOptions = {}): Promise<(typeof opened)[number]> => {
    const dataSource = await new DataSource({
      type: 'postgres',
      url: database.url,
      entities: [Account, Letter],
      synchronize: opened.length === 0,
      poolSize: 20,
    }).initialize();
    const consumers = { leaseMs: 1500, pollMs: 100 };
    const backstory = await createBackstory(dataSource, { consumers, ...options, ...more });
    opened.push({ dataSource, backstory });
    return { dataSource, backstory };
  };
  const { dataSource, backstory } = await instance();
  return {
    url: database.url,
    dataSource,
    backstory,
    instance,
    open: async (id) => void (await dataSource.manager.insert(Account, { id, balance: 0 })),
    pay: async (id, amount = 1) =>
      void (await dataSource.query('update account set balance = balance + $2 where id = $1', [id, amount])),
    close: async () => {
      for (const { backstory: mine, dataSource: source } of opened) {
        await mine.close();
        if (source.isInitialized) await source.destroy();
      }
      await database.drop();
    },
  };
}

/** Resolves when a condition holds; fails with what it was after a while. */
export async function eventually(what: string, holds: () => unknown, timeoutMs = 20_000): Promise<void> {
  const end = Date.now() + timeoutMs;
  while (!(await holds())) {
    if (Date.now() > end) throw new Error(`Not in ${timeoutMs} ms: ${what}`);
    await sleep(10);
  }
}

/** What a consumer got, and whether it was in the order of the streams. */
export class Received {
  readonly events: RecordedEvent[] = [];

  readonly handle = (event: RecordedEvent): void => void this.events.push(event);

  get positions(): string[] {
    return this.events.map(({ globalPosition }) => globalPosition);
  }

  /** Places at which an event came before one of its stream that it follows. Repeated ones don't count. */
  get disorder(): string[] {
    const last = new Map<string, number>();
    const found: string[] = [];
    for (const { category, streamId, streamPosition } of this.events) {
      const stream = `${category}-${streamId}`;
      const before = last.get(stream) ?? 0;
      if (streamPosition > before + 1) found.push(`${stream}: ${streamPosition} after ${before}`);
      last.set(stream, Math.max(before, streamPosition));
    }
    return found;
  }
}

export const all = { categories: 'all' } as const;
