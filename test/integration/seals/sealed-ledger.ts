import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { SealVerification, SealVerifyOptions } from '@backstory/adapter';
import { type Ledger, openLedger } from '../outbox/ledger.js';

/** Accounts whose log is sealed, and somebody who may do everything. */
export interface SealedLedger extends Ledger {
  /** A file of digests, outside. */
  readonly digest: string;
  seal(blockSize?: number): Promise<void>;
  verify(options?: SealVerifyOptions): Promise<SealVerification>;
  /** Statements of a superuser, whom no trigger stops. */
  tamper(...statements: string[]): Promise<void>;
  /** Keeps log and seals as they are now, for {@link restore}. */
  keep(): Promise<void>;
  restore(): Promise<void>;
  count(condition?: string): Promise<number>;
}

export async function openSealedLedger(): Promise<SealedLedger> {
  const ledger = await openLedger();
  const folder = mkdtempSync(join(tmpdir(), 'digests-'));
  const digest = join(folder, 'digests.jsonl');
  const { dataSource, backstory } = ledger;
  const tables = ['events', 'archived_events', 'archived_streams', 'seal_blocks', 'event_commitments'];
  const tamper = async (...statements: string[]): Promise<void> => {
    await dataSource.transaction(async (manager) => {
      await manager.query('set local session_replication_role = replica');
      for (const statement of statements) await manager.query(statement);
    });
  };
  return {
    ...ledger,
    digest,
    seal: async (blockSize = 5) => void (await backstory.seals.seal({ digest, blockSize })),
    verify: (options = { digest }) => backstory.seals.verify(options),
    tamper,
    keep: async () => {
      await dataSource.query('create schema kept');
      for (const table of tables)
        await dataSource.query(`create table kept.${table} as table backstory.${table}`);
    },
    restore: () =>
      tamper(
        ...tables.flatMap((table) => [
          `delete from backstory.${table}`,
          `insert into backstory.${table} overriding system value table kept.${table}`,
        ]),
      ),
    count: async (condition = 'true') => {
      const [row] = await dataSource.query<{ count: number }[]>(
        `select count(*)::integer as count from backstory.events where ${condition}`,
      );
      return row?.count ?? 0;
    },
    close: async () => {
      await ledger.close();
      rmSync(folder, { recursive: true });
    },
  };
}

/** What differs, shortly. */
export const found = ({ differences }: SealVerification): string[] =>
  differences.map(({ kind, position, event, block }) => `${kind} ${event ?? ''}@${position} in ${block}`);
