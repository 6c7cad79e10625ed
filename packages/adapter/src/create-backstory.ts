import type { DataSource } from 'typeorm';
import { Backstory } from './backstory.js';
import { renewCapture, runInContext } from './capture/index.js';
import { ConsumerControl } from './consumer-control.js';
import { excludedButCaptured } from './excluded-but-captured.js';
import { InvalidOptionsError, together } from './errors.js';
import { eventEvolution } from './event-evolution.js';
import { driftName } from './drift/index.js';
import { type RecordedEvent, streamName } from './event/index.js';
import { install, type InstallOptions, type InstallReport, requireInstalled } from './install.js';
import { mappedAggregates } from './mapped-aggregates.js';
import { mayWait, WaitingAggregates } from './waiting-aggregates.js';
import { asRecorded, type EntityMapping, MappingRegistry, readStoredTables } from './mapping/index.js';
import { Snapshots } from './replay/index.js';
import type { BackstoryOptions } from './options.js';
import { SealControl } from './seal-control.js';
import { ShadowReads } from './shadow/index.js';
import { StageWatch } from './stages/index.js';
import {
  deliveryTransactions,
  endWithDataSource,
  interceptReads,
  poolDatabase,
  poolOf,
  renewWithMigrations,
  ReplayingReads,
  sendContextWithStatements,
  watchCaptureFailures,
  watchWrites,
} from './typeorm/index.js';

const silent = { log: () => undefined, warn: () => undefined };

/**
 * Gives the entities of an initialised DataSource a history. Entities and repositories stay as they are.
 * When it resolves, every later write is captured.
 * @throws BackstoryError that says what is wrong, where, and what to do
 * @example
 * const backstory = await createBackstory(dataSource, { aggregates: 'all' });
 * await backstory.backfill();
 */
export async function createBackstory(
  dataSource: DataSource,
  options: BackstoryOptions = {},
): Promise<Backstory> {
  const { schema = 'backstory', logger = silent, shadow = {}, stagePollMs = 500 } = options;
  validate(options);
  const pool = poolOf(dataSource);
  const database = poolDatabase(pool);
  const mapped = await mappedAggregates(dataSource, database, schema, options);
  const waiting = new WaitingAggregates(mapped.problems, logger);
  if (mapped.problems.length > 0 && !(await mayWait(dataSource, database, options, mapped.problems)))
    throw together(mapped.problems);
  waiting.say();
  for (const outgrown of mapped.outgrown)
    logger.warn(`${outgrown} This is an older release beside newer tables: it goes on without it.`);
  const begin = async (mappings: readonly EntityMapping[]): Promise<void> => {
    if (options.install !== 'check')
      await install(database, schema, mappings, { onWait: (message) => logger.warn(message) });
    else for (const warning of await requireInstalled(database, schema, mappings)) logger.warn(warning);
  };
  await begin(mapped.mappings);

  for (const warning of await excludedButCaptured(database, schema, options)) logger.warn(warning);
  const recorded = async (known: readonly EntityMapping[]): Promise<EntityMapping[]> => {
    const stored = await readStoredTables(database, schema);
    return known.map((mapping) => asRecorded(mapping, stored));
  };
  const registry = new MappingRegistry(await recorded(mapped.mappings));
  /** What the entities and tables are by now. @throws BackstoryError with everything that is still missing */
  const look = async (): Promise<readonly EntityMapping[]> => {
    const { mappings, problems } = await mappedAggregates(dataSource, database, schema, options);
    waiting.now(problems);
    if (problems.length > 0) throw together(problems);
    return mappings;
  };
  const warn = (what: string) => (error: unknown) =>
    logger.warn(`${what}: ${error instanceof Error ? error.message : String(error)}`);
  renewWithMigrations(dataSource, {
    schema,
    warn: (message) => logger.warn(message),
    afterwards: async () => {
      if (waiting.isOver) return;
      const mappings = await look().catch(() => undefined);
      if (!mappings) return waiting.say();
      await begin(mappings)
        .then(async () => registry.replace(await recorded(mappings)))
        .then(() => stages.refresh())
        .catch(warn('What the migrations have made is not captured yet. Run "npx backstory install"'));
    },
  });
  const stages = new StageWatch(
    database,
    schema,
    warn('Could not read the stages, going on with the last known'),
    stagePollMs,
    async () => {
      // A migration may have left the entities of this release behind: it goes on with what it knows.
      const { mappings } = await mappedAggregates(dataSource, database, schema, options);
      registry.replace(await recorded(mappings));
    },
  );
  await stages.refresh();
  const mend = once(
    () => database.transaction((sql) => renewCapture(sql, schema)),
    warn('Capture is out of date, and could not be renewed. Run "npx backstory install"'),
  );
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
  const reads = new ReplayingReads(
    dataSource,
    schema,
    registry,
    stages,
    shadowReads,
    snapshots,
    (mapping, id, reason) =>
      logger.warn(
        reason === undefined
          ? `No living stream ${mapping.category}-${id} for a row that was read: the row is returned (run "npx backstory verify")`
          : `A row is returned as it is in the table: ${reason.message}`,
      ),
  );
  const endInterception = interceptReads(dataSource, reads);
  const endContext = sendContextWithStatements(pool);
  const endFailures = watchCaptureFailures(pool, schema, mend);
  stages.start();
  const consumers = new ConsumerControl(
    {
      database,
      schema,
      transactions: deliveryTransactions(dataSource),
      leaseMs: options.consumers?.leaseMs ?? 15_000,
      pollMs: options.consumers?.pollMs ?? 500,
      onError: (problem, error) => warn(problem)(error),
      evolution: eventEvolution(registry),
    },
    inContextOfEvent,
    (onWrite) => watchWrites(pool, onWrite),
    database,
    schema,
  );
  const seals = new SealControl(database, schema, registry, options.seals ?? {}, (error) =>
    warn('Events could not be sealed')(error),
  );
  const reinstall = async (asked: InstallOptions): Promise<InstallReport> => {
    const mappings = await look();
    const report = await install(database, schema, mappings, asked);
    registry.replace(await recorded(mappings));
    await stages.refresh();
    return report;
  };
  const release = async (): Promise<void> => {
    forget();
    waiting.now([]);
    await consumers.stop();
    await seals.stop();
    endInterception();
    endContext();
    endFailures();
    await stages.stop();
    await shadowReads.stop();
    await snapshots.stop();
  };
  let closing: Promise<void> | undefined;
  const close = (): Promise<void> => (closing ??= release());
  const forget = endWithDataSource(dataSource, close);
  return new Backstory(
    dataSource,
    database,
    schema,
    registry,
    stages,
    shadowReads,
    snapshots,
    parsers,
    shadow.requiredReads ?? 100,
    consumers,
    seals,
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

function validate({ schema, install: mode, shadow, stagePollMs, consumers = {} }: BackstoryOptions): void {
  for (const [option, value] of Object.entries(consumers)) {
    if (typeof value === 'number' && value >= 10) continue;
    throw new InvalidOptionsError(
      `consumers.${option} ${String(value)} is too small.`,
      'Use at least 10 milliseconds.',
    );
  }
  if (schema !== undefined && (schema === '' || schema.length > 63)) {
    throw new InvalidOptionsError(
      `schema "${schema}" is no PostgreSQL identifier.`,
      'Use 1 to 63 characters.',
    );
  }
  if (mode !== undefined && mode !== 'auto' && mode !== 'check') {
    throw new InvalidOptionsError(`install: "${String(mode)}" is unknown.`, "Use 'auto' or 'check'.");
  }
  if (shadow?.sample !== undefined && !(shadow.sample >= 0 && shadow.sample <= 1)) {
    throw new InvalidOptionsError(`shadow.sample ${shadow.sample} is no share.`, 'Use a number from 0 to 1.');
  }
  if (stagePollMs !== undefined && !(stagePollMs >= 10 && stagePollMs <= 1_000)) {
    throw new InvalidOptionsError(
      `stagePollMs ${stagePollMs} is too ${stagePollMs > 1_000 ? 'large' : 'small'}.`,
      'Use 10 to 1000 milliseconds: who changes a stage relies on it that all instances follow within a second.',
    );
  }
}
