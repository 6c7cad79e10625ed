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
import { type Generations, openProjection, readGenerations } from './generations.js';
import { generationName, type ProjectionDefinition } from './projection-definition.js';
import type { ProjectionHome } from './projection-home.js';

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
    readonly home: ProjectionHome,
  ) {}

  async start(): Promise<void> {
    if (this.watching) return;
    const { database, schema } = this.surroundings;
    await openProjection(database, schema, this.definition, this.home.place);
    await this.runWanted();
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

  /** What every generation of it wants, by stored names, too. */
  get filter(): Subscription['filter'] {
    const { handlers } = this.definition;
    const selectors = 'handleBatch' in handlers ? handlers.on : handlers.map(({ on }) => on);
    const filter = { ...wantedBy(selectors), includeBackfill: true };
    return this.surroundings.evolution.withStoredNames(filter);
  }

  /** What is due for the live generation, without a worker in the background. */
  async once(from: StartAt): Promise<RecordedEvent[]> {
    const { database, schema } = this.surroundings;
    await openProjection(database, schema, this.definition, this.home.place);
    const { live } = (await readGenerations(database, schema, this.definition.name)) as Generations;
    await this.home.prepare(live);
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
    const { next, live } = (await this.runWanted()) ?? {};
    if (typeof next !== 'number' || live === undefined) return;
    if (!(await this.home.switchOver(next))) return;
    await this.running.get(live)?.stop();
    this.running.delete(live);
    await this.home.drop(live);
  }

  private async runWanted(): Promise<Generations | undefined> {
    const { database, schema } = this.surroundings;
    const generations = await readGenerations(database, schema, this.definition.name);
    const wanted = [generations?.live, generations?.next].filter((number) => typeof number === 'number');
    for (const [generation, consumer] of this.running) {
      if (wanted.includes(generation)) continue;
      await consumer.stop();
      this.running.delete(generation);
    }
    for (const generation of wanted) if (!this.running.has(generation)) await this.run(generation);
    return generations;
  }

  private async run(generation: number): Promise<void> {
    await this.home.prepare(generation);
    const consumer = new Consumer(this.surroundings, this.subscription(generation));
    await consumer.start();
    this.running.set(generation, consumer);
  }

  private subscription(generation: number): Subscription {
    const { name, handlers, partitions = 1, batchSize = 500, attempts = 5 } = this.definition;
    const consumer = generationName(name, generation);
    const tables = this.home.tables(generation);
    const elsewhere = this.home.openPlace(generation);
    const batch = 'handleBatch' in handlers;
    const befores = this.definition.before ? this.surroundings.befores : undefined;
    return {
      name: consumer,
      filter: this.filter,
      from: 'beginning',
      partitions,
      batchSize,
      attempts,
      transactional: true,
      ...(elsewhere && { elsewhere }),
      isTransient,
      handle: batch
        ? byBatchHandler(handlers, tables, befores)
        : byHandlers(consumer, handlers, this.inContext, tables, befores),
    };
  }
}
