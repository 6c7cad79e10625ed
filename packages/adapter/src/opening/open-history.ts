import type { DataSource } from 'typeorm';
import { startInWords } from './start-in-words.js';
import {
  Backstory,
  ConsumerControl,
  valuesBefore,
  eventEvolution,
  KeyControl,
  publisherEncryption,
  Replays,
  SealControl,
} from '../backstory/index.js';
import { beginCapture, install, type InstallOptions, type InstallReport } from '../installing/index.js';
import { declareTopics } from '../appending/index.js';
import { renewCapture, runInContext } from '../capture/index.js';
import { whyReadOnly } from '../database/index.js';
import { excludedButCaptured, mappedAggregates, mayWait, WaitingAggregates } from '../aggregates/index.js';
import { together } from '../errors.js';
import { findingsNow, tablesElsewhereInWords } from '../doctor/index.js';
import { driftName } from '../drift/index.js';
import { type RecordedEvent, streamName } from '../event/index.js';
import type { HistoryLinks } from './history-links.js';
import {
  asRecorded,
  type EntityMapping,
  entityName,
  MappingRegistry,
  readStoredTables,
} from '../mapping/index.js';
import { Snapshots } from '../replay/index.js';
import type { BackstoryOptions } from '../options/index.js';
import { replayCacheOf } from './replay-cache-of.js';
import { mendSequence } from '../schema/index.js';
import { ShadowReads } from '../shadow/index.js';
import { StageWatch } from '../stages/index.js';
import {
  deliveryTransactions,
  targetDatabase,
  lookingInto,
  poolDatabase,
  poolOf,
  watchWrites,
} from '../connections/index.js';
import { ReplayingReads, StandbyReads } from '../reads/index.js';
import { tablesElsewhere } from '../entities/index.js';

const silent = { log: () => undefined, warn: () => undefined };

/**
 * Opens the history of the entities that `dataSource` shows, and links it to whatever reads and writes them.
 * @throws BackstoryError that says what is wrong, where, and what to do
 */
export async function openHistory(
  dataSource: DataSource,
  options: BackstoryOptions,
  links: HistoryLinks,
): Promise<Backstory> {
  const { schema = 'backstory', logger = silent, shadow = {}, stagePollMs = 500 } = options;
  const pool = poolOf(dataSource);
  const database = poolDatabase(pool);
  const mapped = await mappedAggregates(dataSource, database, schema, options);
  const waiting = new WaitingAggregates(mapped.problems, logger);
  if (mapped.problems.length > 0 && !(await mayWait(dataSource, database, options, mapped.problems)))
    throw together(mapped.problems);
  waiting.say();
  if (mapped.outgrown.length > 0)
    logger.warn(
      `${mapped.outgrown.join(' ')} This is an older release beside newer tables: it goes on without that.`,
    );
  const begin = (mappings: readonly EntityMapping[]): Promise<void> =>
    beginCapture(database, schema, mappings, { ...options, logger });
  await begin(mapped.mappings);
  const mayDeclare = options.install !== 'check' && (await whyReadOnly(database)) === undefined;
  const declare = (known: readonly EntityMapping[]): Promise<void> =>
    declareTopics(database, schema, options.topics ?? [], known, mayDeclare);
  await declare(mapped.mappings);

  const elsewhere = tablesElsewhereInWords(await tablesElsewhere(dataSource, database, mapped.mappings));
  if (elsewhere) logger.warn(`${elsewhere.problem}. ${elsewhere.remedy}`);
  const excluded = await excludedButCaptured(database, schema, options);
  if (excluded !== undefined) logger.warn(excluded);
  const recorded = async (known: readonly EntityMapping[]): Promise<EntityMapping[]> => {
    const stored = await readStoredTables(database, schema);
    return known.map((mapping) => asRecorded(mapping, stored));
  };
  const registry = new MappingRegistry(await recorded(mapped.mappings), mapped.absent);
  /** What the entities and tables are by now. @throws BackstoryError with everything that is still missing */
  const look = async (): Promise<readonly EntityMapping[]> => {
    const { mappings, problems } = await mappedAggregates(dataSource, database, schema, options);
    waiting.now(problems);
    if (problems.length > 0) throw together(problems);
    return mappings;
  };
  const warn = (what: string) => (error: unknown) => {
    // whoever ends the pool below a DataSource ends what works with it: that is no outage
    if (pool.ending) void ended('The connection pool of the DataSource was ended');
    else logger.warn(`${what}: ${error instanceof Error ? error.message : String(error)}`);
  };
  const afterMigrations = async (): Promise<void> => {
    if (waiting.isOver) return;
    const mappings = await look().catch(() => undefined);
    if (!mappings) return waiting.say();
    await begin(mappings)
      .then(async () => registry.replace(await recorded(mappings), []))
      .then(() => stages.refresh())
      .catch(warn('What the migrations have made is not captured yet. Run "npx backstory install"'));
  };
  const stages = new StageWatch(
    database,
    schema,
    warn('Could not read the stages, going on with the last known'),
    stagePollMs,
    () => registry.tables(),
    async () => {
      // A migration may have left the entities of this release behind: it goes on with what it knows.
      const { mappings, absent } = await mappedAggregates(dataSource, database, schema, options);
      registry.replace(await recorded(mappings), absent);
    },
  );
  await stages.refresh();
  const mends = {
    triggers: once(
      () => database.transaction((sql) => renewCapture(sql, schema)),
      warn('Capture is out of date, and could not be renewed. Run "npx backstory install"'),
    ),
    positions: once(
      () => mendSequence(database, schema),
      warn(
        'The sequence of global positions is behind the log, and could not be set. Run "npx backstory install"',
      ),
    ),
  };
  const parsers = async () => {
    const client = await pool.connect();
    client.release();
    return (typeOid: number) => client.getTypeParser(typeOid, 'text');
  };
  const shadowReads = new ShadowReads(
    {
      database,
      schema,
      parsers,
      isBusy: () => pool.waitingCount > 0,
      onDrift: (drift) =>
        logger.warn(
          `Drift in ${driftName(drift)}: ${drift.kind} ${Object.keys(drift.properties).join(', ')}`,
        ),
      onError: warn('A shadow comparison failed'),
    },
    shadow.sample ?? 1,
  );
  const snapshots = new Snapshots(
    database,
    schema,
    warn('A snapshot could not be taken, replay goes on without it'),
  );
  const cache = links.cache ?? replayCacheOf(options);
  const reads = new ReplayingReads(
    dataSource,
    schema,
    registry,
    stages,
    shadowReads,
    snapshots,
    cache,
    (mapping, id, reason) =>
      logger.warn(
        reason === undefined
          ? `No living stream ${mapping.category}-${id} for a row that was read: the row is returned (run "npx backstory verify")`
          : `A row is returned as it is in the table: ${reason.message}`,
      ),
    new StandbyReads(stages, () =>
      logger.warn(
        'A replica does not have the stages of the server that takes the writes yet: until then its rows are returned as they are',
      ),
    ),
  );
  const ofConsumers = links.tenant === undefined ? database : lookingInto(database, links.tenant);
  const consumers = new ConsumerControl(
    {
      database: ofConsumers,
      schema,
      transactions: deliveryTransactions(dataSource, links.tenant),
      leaseMs: options.consumers?.leaseMs ?? 15_000,
      pollMs: options.consumers?.pollMs ?? 500,
      onError: (problem, error) => warn(problem)(error),
      evolution: eventEvolution(registry),
      befores: valuesBefore(ofConsumers, schema, registry),
    },
    inContextOfEvent,
    (onWrite) => watchWrites(pool, onWrite),
    database,
    schema,
    publisherEncryption(database, schema, registry, options.encryption),
    (entity) => registry.get(entityName(entity)).knownAs,
    (into, projection) => targetDatabase(into, projection, dataSource),
  );
  const seals = new SealControl(database, schema, registry, options.seals ?? {}, (error) =>
    warn('Events could not be sealed')(error),
  );
  const reinstall = async (asked: InstallOptions): Promise<InstallReport> => {
    const mappings = await look();
    const report = await install(database, schema, mappings, asked);
    await declare(mappings);
    registry.replace(await recorded(mappings), []);
    await stages.refresh();
    return report;
  };
  const release = async (): Promise<void> => {
    unlink();
    waiting.now([]);
    await consumers.stop();
    await seals.stop();
    await stages.stop();
    await shadowReads.stop();
    await snapshots.stop();
    if (!links.cache) cache?.close();
  };
  let closing: Promise<void> | undefined;
  const close = (): Promise<void> => (closing ??= release());
  /** Closes after what was done to the DataSource, with a word where the application might count on what ends. */
  const ended = (what: string): Promise<void> => {
    if (!closing && (consumers.isRunning || pool.ending))
      logger.log(`${what}: Backstory has stopped what it does in the background`);
    return close();
  };
  const mappings = (): readonly EntityMapping[] => registry.all();
  logger.log(startInWords(schema, mappings(), (category) => stages.of(category).stage));
  const unlink = links.link({ schema, pool, reads, stages, mappings, mends, afterMigrations, close, ended });
  return new Backstory(
    dataSource,
    database,
    schema,
    registry,
    stages,
    shadowReads,
    snapshots,
    new Replays(dataSource, database, schema, registry, snapshots, cache, parsers, stages),
    parsers,
    shadow.requiredReads ?? 100,
    { keepIds: options.commands?.keepIds ?? '30 days', tenant: links.tenant },
    consumers,
    seals,
    new KeyControl(database, schema, options.encryption, registry),
    (sql) => findingsNow(dataSource, sql, schema, options),
    reinstall,
    close,
  );
}

/** Runs `work` in the background, one at a time however often it is asked for. */
function once(work: () => Promise<unknown>, onError: (error: unknown) => void): () => void {
  let running = false;
  return () => {
    if (running) return;
    running = true;
    void work()
      .catch(onError)
      .finally(() => void (running = false));
  };
}

/** What a handler writes follows from its event: same correlation, caused by it. */
function inContextOfEvent<Result>(event: RecordedEvent, work: () => Result): Result {
  const { correlationId, actor, traceparent } = event.metadata;
  const causationId = `${streamName(event.category, event.streamId)}@${event.streamPosition}`;
  return runInContext(
    {
      correlationId: correlationId ?? causationId,
      causationId,
      ...(actor && { actor }),
      ...(traceparent && { traceparent }),
    },
    work,
  );
}
