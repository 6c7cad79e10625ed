import { type Backstory, createBackstory } from '@backstory/adapter';
import type { Client } from 'pg';
import type { Session, Trial } from './any-shape.js';
import { aggregatesOf } from './entities-of.js';
import { expectEvents } from './expect-events.js';
import { expectReplays } from './expect-replays.js';
import { makeModel } from './make-model.js';
import type { Model } from './model.js';
import { type Outcome, outcomeOf, runSql } from './outcome.js';
import { allEntities, allRows, type FilledSide, fillSide, type Side } from './twin-databases.js';
import { writeByTypeorm } from './write-by-typeorm.js';
import { type AnyWrite, sqlOf } from './write-sql.js';

const settings: readonly string[] = [
  '',
  `set local timezone = 'Asia/Kathmandu'; set local datestyle = 'SQL, DMY'; set local intervalstyle = 'iso_8601'`,
  `set local extra_float_digits = -15; set local bytea_output = 'escape'; set local search_path = ''`,
  `set local standard_conforming_strings = off; set local escape_string_warning = off; set local search_path = nowhere, pg_catalog`,
  'set transaction isolation level repeatable read',
  'set transaction isolation level serializable',
  'set local plan_cache_mode = force_generic_plan; set local enable_hashjoin = off',
];

/** How often each thing happened, so that a run that has tried nothing is seen. */
export type Tally = Record<string, number>;

/** What one trial has done, for people. */
export type Log = string[];

export interface Sides {
  readonly plain: Side;
  readonly captured: Side;
}

/** Writes to two databases, one of them with Backstory, and compares all that can be compared. */
export async function runTrial(
  trial: Trial,
  { plain, captured }: Sides,
  tally: Tally,
  log: Log,
): Promise<void> {
  const model = makeModel(trial.shape);
  log.push(...model.ddl);
  const alone = await fillSide(plain, model);
  if ('refused' in alone) {
    count(tally, `refused: ${alone.refused.replace(/".*?"/g, '…').slice(0, 60)}`);
    return;
  }
  try {
    const together = await fillSide(captured, model);
    if ('refused' in together) throw new Error(`refused only the second time: ${together.refused}`);
    try {
      await compareSides(trial, model, alone, together, tally, log);
    } finally {
      await together.dataSource.destroy();
    }
  } finally {
    await alone.dataSource.destroy();
  }
  count(tally, 'tried');
}

async function compareSides(
  trial: Trial,
  model: Model,
  plain: FilledSide,
  captured: FilledSide,
  tally: Tally,
  log: Log,
): Promise<void> {
  const write = async (each: AnyWrite, client = 0): Promise<void> => {
    const sql = sqlOf(model, each);
    log.push(
      sql === undefined
        ? `-- ${each.kind} ${each.picks}`
        : typeof sql === 'string'
          ? sql
          : `${sql.copy}\n${sql.data}`,
    );
    const [wanted, got] =
      sql === undefined
        ? [
            await outcomeOf(() => writeByTypeorm(plain.dataSource.manager, model, each)),
            await outcomeOf(() => writeByTypeorm(captured.dataSource.manager, model, each)),
          ]
        : [await runSql(plain.clients[client]!, sql), await runSql(captured.clients[client]!, sql)];
    count(tally, `${each.kind} ${wanted.said.startsWith('failed') ? 'failed' : 'done'}`);
    expectSame(wanted, got, log);
  };
  const both = async (sql: string, client: number): Promise<void> => {
    if (sql === '') return;
    log.push(sql);
    expectSame(await runSql(plain.clients[client]!, sql), await runSql(captured.clients[client]!, sql), log);
  };
  for (const each of trial.before) await write(each);
  const backstory = await createBackstory(captured.dataSource, {
    aggregates: aggregatesOf(model),
    schema: model.backstorySchema,
  });
  try {
    for (const [n, session] of trial.sessions.entries()) {
      if (n === trial.backfillAfter) await backstory.backfill();
      await runSession(session, n % 2, write, both);
      if (n % 5 === 4) expect(await allRows(captured, model)).toEqual(await allRows(plain, model));
    }
    await backstory.backfill();
    expect(await allRows(captured, model)).toEqual(await allRows(plain, model));
    await expectWhole(backstory, captured, model);
    const entities = await allEntities(plain.dataSource.manager, model);
    for (const read of Object.values(entities))
      count(tally, typeof read === 'string' ? 'unreadable' : 'read');
    expect(await allEntities(captured.dataSource.manager, model)).toEqual(entities);
    await expectReplays(backstory, captured, model, entities);
    if (trial.atOnce.length > 0) {
      await writeAtOnce(trial.atOnce, captured.clients, model, log);
      await expectWhole(backstory, captured, model);
      count(tally, 'at once');
    }
  } finally {
    await backstory.close();
  }
}

/** In the order of the log, each whole. */
async function expectWhole(backstory: Backstory, { clients: [client] }: Side, model: Model): Promise<void> {
  await expectEvents(client!, model);
  const { aggregates, clean, unseen } = await backstory.verify();
  expect({ drift: aggregates.flatMap(({ drift }) => drift), clean, unseen }).toEqual({
    drift: [],
    clean: true,
    unseen: [],
  });
}

async function runSession(
  { end, settings: chosen, savepoint, writes }: Session,
  client: number,
  write: (each: AnyWrite, client: number) => Promise<void>,
  both: (sql: string, client: number) => Promise<void>,
): Promise<void> {
  if (end !== 'none') {
    await both('begin', client);
    await both(settings[chosen % settings.length] as string, client);
  }
  for (const [n, each] of writes.entries()) {
    // TypeORM has connections of its own, which would wait for an open transaction
    if (end !== 'none' && each.kind.startsWith('orm')) continue;
    if (end !== 'none' && n === savepoint) await both('savepoint "s"', client);
    await write(each, client);
  }
  if (end === 'none') return;
  if (savepoint < writes.length) await both('rollback to "s"', client);
  await both(end, client);
  await both('rollback', client);
}

/** Who is first isn't known, and who fails neither: only that what is there in the end is what the events tell. */
async function writeAtOnce(
  all: Trial['atOnce'],
  clients: readonly Client[],
  model: Model,
  log: Log,
): Promise<void> {
  await Promise.all(
    all.map(async (writes, n) => {
      const client = clients[n]!;
      await client.query(`set lock_timeout = '5s'; set deadlock_timeout = '50ms'`);
      for (const each of writes) {
        const sql = sqlOf(model, each);
        if (sql === undefined) continue;
        log.push(`-- connection ${n}`, typeof sql === 'string' ? sql : sql.copy);
        await client.query('begin');
        const { said, message } = await runSql(client, sql);
        if (/ (XX|55)/.test(said) || (/\bcapture_\S+\(\)/.test(message) && !said.startsWith('failed: 40')))
          throw new Error(`${said} ${message}`);
        await client.query('commit').catch(() => client.query('rollback'));
      }
    }),
  );
}

function expectSame(wanted: Outcome, got: Outcome, log: Log): void {
  if (wanted.said === got.said) {
    if (wanted.message) log.push(`-- ${wanted.message}`);
    return;
  }
  throw new Error(
    `Without Backstory: ${wanted.said} ${wanted.message}\nWith it: ${got.said} ${got.message}\nAt: ${log.at(-1)}`,
  );
}

function count(tally: Tally, what: string): void {
  tally[what] = (tally[what] ?? 0) + 1;
}
