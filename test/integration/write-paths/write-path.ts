import { majorVersionOfRun } from '@backstory/test/postgres';
import type { EntityManager } from 'typeorm';
import {
  endOfLog,
  eventsAfter,
  type EventsByStream,
  expectNoDrift,
  type Ground,
  inOrderOfKeys,
} from './ground.js';

/** One way to write, and exactly what it must leave in the streams. */
export interface WritePath {
  /** The first version of PostgreSQL that has it; on an older one its tests are skipped. */
  readonly since?: number;
  /** What is there, committed, before. */
  readonly prepare?: string | ((manager: EntityManager) => Promise<unknown>);
  readonly write: string | ((manager: EntityManager) => Promise<unknown>);
  readonly events: EventsByStream;
}

type Way = (path: WritePath, ground: Ground) => Promise<void>;

class Undo extends Error {}

/** Each way ends with what the log must hold; the last one also looks at the log before it goes back. */
const ways: Record<string, Way> = {
  'in autocommit': async (path, { dataSource: { manager }, owned }) => {
    const before = await endOfLog(manager);
    await run(path.write, manager);
    expect(await eventsAfter(manager, before, owned)).toEqual(inOrderOfKeys(path.events));
  },
  'in a transaction': async (path, { dataSource: { manager }, owned }) => {
    const before = await endOfLog(manager);
    await manager.transaction((inside) => run(path.write, inside));
    expect(await eventsAfter(manager, before, owned)).toEqual(inOrderOfKeys(path.events));
  },
  'in a savepoint that is rolled back': async (path, { dataSource: { manager }, owned }) => {
    const before = await endOfLog(manager);
    await manager.transaction(async (outer) => {
      const undone = outer.transaction(async (inner) => {
        await run(path.write, inner);
        // events of aggregates with parts come into the log at commit, or when it is asked for
        await inner.query('set constraints backstory.number_pending_events immediate');
        expect(await eventsAfter(inner, before, owned)).toEqual(inOrderOfKeys(path.events));
        throw new Undo();
      });
      await expect(undone).rejects.toThrow(Undo);
    });
    expect(await eventsAfter(manager, before, owned)).toEqual({});
  },
};

/** Three tests for each path; after each, the replay of all streams is the tables. */
export function describeWritePaths(ground: () => Ground, paths: Record<string, WritePath>): void {
  for (const [name, path] of Object.entries(paths)) {
    const describeKnown = majorVersionOfRun() < (path.since ?? 0) ? describe.skip : describe;
    describeKnown(name, () => {
      beforeEach(async () => {
        await ground().reset();
        if (path.prepare) await run(path.prepare, ground().dataSource.manager);
      });

      it.each(Object.entries(ways))('%s', async (_way, write) => {
        await write(path, ground());
        await expectNoDrift(ground());
      });
    });
  }
}

async function run(
  write: string | ((manager: EntityManager) => Promise<unknown>),
  manager: EntityManager,
): Promise<void> {
  await (typeof write === 'string' ? manager.query(write) : write(manager));
}
