import { setTimeout as sleep } from 'node:timers/promises';
import type { DataSource, EntityManager } from 'typeorm';
import type { Random } from '../library/random.js';
import { BankAccount } from './bank.js';

/** Accounts that are never deleted, and whose balance only grows: who reads a smaller one has gone back in time. */
export const growing = Array.from({ length: 16 }, (_, n) => `g${n}`);
/** Accounts that come and go. */
export const passing = Array.from({ length: 8 }, (_, n) => `p${n}`);

class Undo extends Error {}

/**
 * One transaction of deposits, notes, openings and closings, with savepoints; a third is rolled back, some stay open for a
 * while. What it has written itself it reads back by replay, and that must be what the table says. Accounts are taken in one
 * order, so that nobody waits for a deadlock.
 */
export async function writeAccounts(dataSource: DataSource, random: Random): Promise<void> {
  const ids = random.sample([...growing, ...passing], random.integer(1, 3)).sort();
  const half = random.integer(0, ids.length);
  await undoable(dataSource.manager, async (manager) => {
    await writeEach(manager, ids.slice(0, half), random);
    await undoable(manager, async (inner) => {
      await writeEach(inner, ids.slice(half), random);
      if (random.chance(0.3)) throw new Undo();
    });
    await writeEach(manager, ids.slice(-1), random);
    if (random.chance(0.1)) await sleep(random.integer(0, 50));
    if (random.chance(0.33)) throw new Undo();
  });
}

async function undoable(
  manager: EntityManager,
  work: (manager: EntityManager) => Promise<void>,
): Promise<void> {
  await manager.transaction(work).catch((error: unknown) => {
    if (!(error instanceof Undo)) throw error;
  });
}

async function writeEach(manager: EntityManager, ids: readonly string[], random: Random): Promise<void> {
  for (const id of ids) {
    for (let n = random.integer(1, 3); n > 0; n--) await write(manager, id, random);
    if (random.chance(0.5)) await expectOwnWrite(manager, id);
  }
}

async function write(manager: EntityManager, id: string, random: Random): Promise<void> {
  const kind = random.next();
  if (passing.includes(id) && kind < 0.4) {
    if (kind < 0.15) await manager.delete(BankAccount, id);
    else await manager.query('insert into bank_account (id) values ($1) on conflict do nothing', [id]);
  } else if (kind < 0.85) await manager.increment(BankAccount, { id }, 'balance', random.integer(1, 9));
  else await manager.update(BankAccount, id, { notes: { n: random.integer(0, 3) } });
}

/** The row is locked by this transaction if it is there, so nobody changes it between the two reads. */
async function expectOwnWrite(manager: EntityManager, id: string): Promise<void> {
  const [row] = await manager.query('select id, balance, notes from bank_account where id = $1 for update', [
    id,
  ]);
  const read = row && (await manager.findOneBy(BankAccount, { id }));
  expect({ ...read }).toEqual({ ...row });
}
