import { createBackstory } from '@backstory/adapter';
import { createTestDatabase } from '@backstory/test/postgres';
import { DataSource } from 'typeorm';
import { articles, insertArticles } from './article.mjs';
import { auditEntries, AuditSubscriber } from './audit-subscriber.mjs';
import { auditTrigger } from './audit-trigger.mjs';
import { constantEvents } from './constant-events.mjs';

/**
 * A database of its own with the same table and the same rows as every other subject, and a DataSource on it.
 * @typedef {object} Subject
 * @property {string} name
 * @property {DataSource} dataSource
 * @property {import('@backstory/adapter').Backstory} [backstory]
 * @property {<Result>(work: () => Promise<Result>) => Promise<Result>} inContext
 * @property {() => Promise<number>} recorded how many events or audit rows there are
 * @property {() => Promise<void>} tidy leaves every table without dead rows and with current statistics
 * @property {() => Promise<void>} close
 */

/**
 * @typedef {object} SubjectOptions
 * @property {'nothing' | 'subscriber' | 'audit package' | 'audit trigger' | 'constant events' | 'backstory'} recordedBy
 * @property {import('../harness/peers.mjs').AuditPackage} [auditPackage]
 * @property {import('@backstory/adapter').CaptureContext} [context]
 * @property {number} rows
 * @property {number} [connections]
 * @property {import('@backstory/adapter').AggregateOptions['upcasters']} [upcasters]
 */

/** What an application knows of a request, of usual length. */
export const requestContext = {
  actor: 'user-4711',
  correlationId: '0b5c8a80-5a3c-4b0e-9d7c-2f1f6c2f9d11',
  traceparent: '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01',
};

/**
 * @param {string} serverUrl
 * @param {string} name
 * @param {SubjectOptions} options
 * @returns {Promise<Subject>}
 */
export async function openSubject(serverUrl, name, options) {
  const { recordedBy, context, rows, connections = 1, upcasters } = options;
  const records = recordsOf(options);
  const database = await createTestDatabase({ serverUrl });
  const dataSource = new DataSource({
    type: 'postgres',
    url: database.url,
    entities: [articles, ...(records?.entities ?? [])],
    subscribers: records?.subscribers ?? [],
    synchronize: true,
    // more than work at once: Backstory looks for stage changes now and then
    poolSize: connections + 2,
  });
  await dataSource.initialize();
  await dataSource.query(`${insertArticles} from generate_series(1, $1::integer) g`, [rows]);
  const aggregates = upcasters && [{ entity: articles, schemaVersion: 2, upcasters }];
  let backstory =
    records?.table === 'backstory.events'
      ? await createBackstory(dataSource, { ...(aggregates && { aggregates }) })
      : undefined;
  // Every row has its history, as in an application that has adopted Backstory.
  await backstory?.backfill({ chunkSize: 10_000 });
  if (recordedBy === 'constant events') {
    await backstory?.stages.set('article', 'off');
    await backstory?.close();
    backstory = undefined;
    await dataSource.query(constantEvents);
  }
  if (recordedBy === 'audit trigger') await dataSource.query(auditTrigger);
  const tables = records ? ['article', records.table] : ['article'];
  // Cleaned between the measurements, not in the middle of one.
  for (const table of tables) await dataSource.query(`alter table ${table} set (autovacuum_enabled = false)`);
  const tidy = async () => {
    for (const table of tables) await dataSource.query(`vacuum (analyze) ${table}`);
  };
  await tidy();
  return {
    name,
    dataSource,
    backstory,
    inContext: (work) => (backstory && context ? backstory.runInContext(context, work) : work()),
    recorded: async () => {
      if (!records) return 0;
      const [{ count }] = await dataSource.query(
        `select count(*) from ${records.table} where ${records.usable ?? 'true'}`,
      );
      return Number(count);
    },
    tidy,
    close: async () => {
      await backstory?.close();
      await dataSource.destroy();
      await database.drop();
    },
  };
}

/**
 * Where the history goes, and through which entities and subscribers; undefined where there is none.
 * @param {SubjectOptions} options
 */
function recordsOf({ recordedBy, auditPackage }) {
  const events = { table: 'backstory.events' };
  /** @type {Record<SubjectOptions['recordedBy'], Partial<import('../harness/peers.mjs').AuditPackage> & { table: string } | undefined>} */
  const records = {
    nothing: undefined,
    subscriber: {
      table: 'audit_entry',
      entities: [/** @type {never} */ (auditEntries)],
      subscribers: [AuditSubscriber],
    },
    'audit package': auditPackage,
    'audit trigger': { table: 'audit_row' },
    'constant events': events,
    backstory: events,
  };
  return records[recordedBy];
}

/**
 * Opens subjects one after the other, and closes them whatever happens.
 * @template Result
 * @param {string} serverUrl
 * @param {Record<string, SubjectOptions>} options
 * @param {(subjects: Subject[]) => Promise<Result>} work
 */
export async function withSubjects(serverUrl, options, work) {
  /** @type {Subject[]} */
  const subjects = [];
  try {
    for (const [name, option] of Object.entries(options)) {
      subjects.push(await openSubject(serverUrl, name, option));
    }
    // What was written so far shall not be on its way to the disk during the measurement.
    await subjects[0]?.dataSource.query('checkpoint').catch(() => undefined);
    return await work(subjects);
  } finally {
    for (const subject of subjects) await subject.close();
  }
}
