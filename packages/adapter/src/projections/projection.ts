import { setTimeout as sleep } from 'node:timers/promises';
import type { RecordedEvent } from '../event/index.js';
import {
  byBatchHandler,
  byHandlers,
  Consumer,
  type InContextOfEvent,
  isTransient,
  type StartAt,
  type Subscription,
  wantedBy,
  type WorkerSurroundings,
} from '../outbox/index.js';
import {
  dropTables,
  type Generations,
  openProjection,
  prepareGeneration,
  readGenerations,
  switchOver,
  tablesOf,
} from './generations.js';
import { generationName, type ProjectionDefinition } from './projection-definition.js';

const watchMs = 500;

/** This process's part in a projection: a consumer for the live generation, and one for that which is being built. */
export class Projection {
  private readonly running = new Map<number, Consumer>();
  private stopping = new AbortController();
  private watching: Promise<void> | undefined;

  constructor(
    private readonly surroundings: WorkerSurroundings,
    private readonly inContext: InContextOfEvent,
    readonly definition: ProjectionDefinition,
  ) {}

  async start(): Promise<void> {
    if (this.watching) return;
    const { database, schema } = this.surroundings;
    await openProjection(database, schema, this.definition);
    await this.follow();
    this.stopping = new AbortController();
    this.watching = this.watch();
  }

  async stop(): Promise<void> {
    this.stopping.abort();
    await this.watching;
    this.watching = undefined;
    await Promise.all([...this.running.values()].map((consumer) => consumer.stop()));
    this.running.clear();
  }

  /** What is due for the live generation, without a worker in the background. */
  async once(from: StartAt): Promise<RecordedEvent[]> {
    const { database, schema, transactions } = this.surroundings;
    await openProjection(database, schema, this.definition);
    const { live } = (await readGenerations(database, schema, this.definition.name)) as Generations;
    await prepareGeneration(transactions, schema, this.definition, live);
    return new Consumer(this.surroundings, this.subscription(live)).once(from);
  }

  wake(): void {
    for (const consumer of this.running.values()) consumer.wake();
  }

  private async watch(): Promise<void> {
    const { signal } = this.stopping;
    for (let failing = false; !signal.aborted;) {
      await sleep(watchMs, undefined, { signal }).catch(() => undefined);
      if (signal.aborted) return;
      try {
        await this.follow();
        failing = false;
      } catch (error) {
        if (!failing) this.surroundings.onError(`Projection "${this.definition.name}" is held up`, error);
        failing = true;
      }
    }
  }

  /** Runs what the database says there is, and changes over when the next generation is ready. */
  private async follow(): Promise<void> {
    const { database, schema } = this.surroundings;
    const generations = await readGenerations(database, schema, this.definition.name);
    const wanted = [generations?.live, generations?.next].filter((number) => typeof number === 'number');
    for (const [generation, consumer] of this.running) {
      if (wanted.includes(generation)) continue;
      await consumer.stop();
      this.running.delete(generation);
    }
    for (const generation of wanted) if (!this.running.has(generation)) await this.run(generation);
    const { next, live } = generations ?? {};
    if (typeof next !== 'number' || live === undefined) return;
    if (!(await switchOver(database, schema, this.definition, next))) return;
    await this.running.get(live)?.stop();
    this.running.delete(live);
    await database.transaction((sql) => dropTables(sql, this.definition, live));
  }

  private async run(generation: number): Promise<void> {
    await prepareGeneration(
      this.surroundings.transactions,
      this.surroundings.schema,
      this.definition,
      generation,
    );
    const consumer = new Consumer(this.surroundings, this.subscription(generation));
    await consumer.start();
    this.running.set(generation, consumer);
  }

  private subscription(generation: number): Subscription {
    const { name, handlers, partitions = 1, batchSize = 500, attempts = 5 } = this.definition;
    const consumer = generationName(name, generation);
    const tables = tablesOf(this.definition, generation);
    const batch = 'handleBatch' in handlers;
    const befores = this.definition.before ? this.surroundings.befores : undefined;
    return {
      name: consumer,
      filter: { ...wantedBy(batch ? handlers.on : handlers.map(({ on }) => on)), includeBackfill: true },
      from: 'beginning',
      partitions,
      batchSize,
      attempts,
      transactional: true,
      isTransient,
      handle: batch
        ? byBatchHandler(handlers, tables)
        : byHandlers(consumer, handlers, this.inContext, tables, befores),
    };
  }
}
