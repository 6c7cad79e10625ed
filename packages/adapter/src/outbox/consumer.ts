import { randomUUID } from 'node:crypto';
import { hostname } from 'node:os';
import type { RecordedEvent } from '../event/index.js';
import { beat, release, signOff } from './consumer-lease.js';
import { deliverOnce } from './deliver-once.js';
import { evolvedSubscription } from './evolved-subscription.js';
import { observedSubscription } from './observed-subscription.js';
import { PartitionWorker } from './partition-worker.js';
import { registerConsumer } from './register-consumer.js';
import type { StartAt, Subscription } from './subscription.js';
import type { WorkerSurroundings } from './worker-surroundings.js';

/** This process's part in a consumer: takes its share of the partitions, and a worker runs for each. */
export class Consumer {
  private readonly id = randomUUID();
  private readonly host = `${hostname()}:${process.pid}`;
  private readonly running = new Map<number, { worker: PartitionWorker; ended: Promise<void> }>();
  private timer: NodeJS.Timeout | undefined;
  private beating: Promise<void> = Promise.resolve();
  private stopped = true;
  private failing = false;

  readonly subscription: Subscription;

  constructor(
    private readonly surroundings: WorkerSurroundings,
    subscription: Subscription,
  ) {
    this.subscription = evolvedSubscription(observedSubscription(subscription), surroundings.evolution);
  }

  /** Resolves when the consumer is known to the database and this process has what it can get of it. */
  async start(): Promise<void> {
    if (!this.stopped) return;
    await registerConsumer(this.surroundings.database, this.surroundings.schema, this.subscription);
    this.stopped = false;
    await this.beat();
  }

  /** Lets what is under way come to its end, and leaves the partitions to others. */
  async stop(): Promise<void> {
    if (this.stopped) return;
    this.stopped = true;
    clearTimeout(this.timer);
    await this.beating;
    const { database, schema } = this.surroundings;
    for (const { worker } of this.running.values()) worker.stop();
    await Promise.all([...this.running.values()].map(({ ended }) => ended));
    await signOff(database, schema, this.subscription.name, this.id).catch(() => undefined);
    await this.subscription.close?.();
  }

  get filter(): Subscription['filter'] {
    return this.subscription.filter;
  }

  /** What is due, without a worker in the background. @param from - of one that the database doesn't know yet */
  once(from: StartAt): Promise<RecordedEvent[]> {
    return deliverOnce(this.surroundings, { ...this.subscription, from });
  }

  wake(): void {
    for (const { worker } of this.running.values()) worker.wake();
  }

  private beat(): Promise<void> {
    this.beating = this.beating.then(() => this.share());
    return this.beating;
  }

  private async share(): Promise<void> {
    const { database, schema, leaseMs, onError } = this.surroundings;
    if (this.stopped) return;
    clearTimeout(this.timer);
    try {
      const self = { id: this.id, host: this.host };
      const { kept, surplus } = await beat(database, schema, this.subscription.name, self, leaseMs);
      for (const [partition, { worker }] of this.running) {
        const lease = kept.find((candidate) => candidate.partition === partition);
        if (lease?.epoch !== worker.lease.epoch) worker.stop();
      }
      // Those that run give their partitions back when they have come to an end.
      const idle = surplus
        .map(({ partition }) => partition)
        .filter((partition) => !this.running.has(partition));
      if (idle.length > 0) await release(database, schema, this.subscription.name, this.id, idle);
      for (const lease of kept) {
        if (!this.running.has(lease.partition))
          this.run(new PartitionWorker(this.surroundings, this.subscription, lease));
      }
      this.failing = false;
    } catch (error) {
      if (!this.failing) onError(`Consumer "${this.subscription.name}" can't renew its leases`, error);
      this.failing = true;
    }
    this.timer = setTimeout(() => void this.beat(), leaseMs / 3);
  }

  private run(worker: PartitionWorker): void {
    const { database, schema } = this.surroundings;
    const { partition } = worker.lease;
    const ended = worker
      .run()
      .then(() => release(database, schema, this.subscription.name, this.id, [partition]))
      .catch(() => undefined) // the lease runs out
      .finally(() => {
        this.running.delete(partition);
        if (!this.stopped) void this.beat();
      });
    this.running.set(partition, { worker, ended });
  }
}
