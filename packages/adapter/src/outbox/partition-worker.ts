import { BackstoryError } from '../errors.js';
import type { RecordedEvent } from '../event/index.js';
import { checkpointBefore } from './checkpoint-before.js';
import { confirmDelivery } from './confirm-delivery.js';
import { type Fence, type Lease, LeaseLostError, recordFailure } from './consumer-lease.js';
import { type DeliveryPlace, UntoldLogError } from './delivery-place.js';
import { enterLog, type EnteredLog } from './enter-log.js';
import { errorInWords } from './error-in-words.js';
import { FailuresInARow } from './failures-in-a-row.js';
import { type DeliverablePage, GapAwareReader } from './gap-aware-reader.js';
import { IdleCheckpoint } from './idle-checkpoint.js';
import { labelEpochs } from './label-epochs.js';
import { openPlace } from './open-place.js';
import { nextRetry, parkedStreams, streamKey } from './parked-events.js';
import { Pause } from './pause.js';
import { recordEventFailure } from './record-event-failure.js';
import { restAfter } from './rest-after.js';
import type { Settlement } from './settlement.js';
import { EventFailure, type Subscription } from './subscription.js';
import { backoff, isTransient } from './transient-errors.js';
import type { WorkerSurroundings } from './worker-surroundings.js';

/** Delivers the events of one partition, in order, for as long as it has the lease. */
export class PartitionWorker {
  private readonly stopping = new AbortController();
  private readonly pause = new Pause();
  private readonly failures = new FailuresInARow();
  private parked = new Set<string>();
  private log: EnteredLog;
  private readonly place: DeliveryPlace;

  constructor(
    private readonly surroundings: WorkerSurroundings,
    private readonly subscription: Subscription,
    readonly lease: Lease,
  ) {
    this.log = { fence: { ...lease, logEpoch: '-1' }, epochs: [], durable: undefined };
    this.place = openPlace(surroundings, subscription, lease);
  }

  private get fence(): Fence {
    return this.log.fence;
  }

  /** Something may have been written. */
  wake(): void {
    this.pause.hint();
  }

  stop(): void {
    this.stopping.abort();
  }

  /** Ends when it is stopped or has lost the lease; whatever else happens, it goes on from the stored checkpoint. */
  async run(): Promise<void> {
    const { signal } = this.stopping;
    while (!signal.aborted) {
      try {
        await this.work();
      } catch (error) {
        if (error instanceof LeaseLostError || signal.aborted) return;
        await this.report(error);
        await new Pause().wait(backoff(this.failures.count - 1), 0, signal);
      }
    }
  }

  private async report(error: unknown): Promise<void> {
    const { database, schema, onError } = this.surroundings;
    if (this.failures.add(error)) onError(`Consumer "${this.lease.consumer}" waits`, error);
    if (!BackstoryError.is(error)) return;
    await recordFailure(database, schema, this.fence, errorInWords(error)).catch(() => undefined);
  }

  private async work(): Promise<void> {
    const { database, schema, pollMs } = this.surroundings;
    const { signal } = this.stopping;
    const partition = { index: this.lease.partition, of: this.lease.partitions };
    const filter = { ...this.subscription.filter, partition };
    this.log = await enterLog(database, schema, this.lease);
    const checkpoint = await this.place.enter(this.log);
    const idle = new IdleCheckpoint(this.surroundings, this.fence, this.place);
    this.parked = await parkedStreams(database, schema, this.lease);
    const reader = new GapAwareReader(
      database,
      schema,
      checkpoint,
      filter,
      Math.max(1000, this.subscription.batchSize),
      this.log.durable,
    );
    if (this.parked.size > 0) {
      await this.retryParked();
      await this.place.settle({ checkpoint });
    }
    // Begun before it is awaited: its error must not be an unhandled one meanwhile.
    const read = (): Promise<DeliverablePage> => {
      const page = reader.next();
      page.catch(() => undefined);
      return page;
    };
    for (let quiet = 0, upcoming = read(); !signal.aborted;) {
      const page = await upcoming;
      if (page.full) upcoming = read(); // the server reads on while this process handles
      await this.deliver(page);
      await idle.passBy(page);
      this.failures.end();
      // a full page of what the filter refuses is no sign of a quiet log
      quiet = page.events.length > 0 || page.full ? 0 : quiet + 1;
      if (page.full) continue;
      await this.pause.wait(Math.min(pollMs, 10 * 2 ** Math.min(quiet, 16)), restAfter(page), signal);
      upcoming = read();
    }
  }

  private async deliver(found: DeliverablePage): Promise<void> {
    if (found.events.length === 0) return;
    const page = { ...found, events: await this.labelled(found.events) };
    if (this.place.leaves && !found.settled) await this.confirm();
    const end = page.events.length;
    for (let next = 0; next < end; next = await this.step(page, next, end)) {
      if (this.stopping.signal.aborted) return;
    }
  }

  /** What leaves the database must not be lost in it. What stays is as old as the log, and is fenced by its checkpoint. */
  private confirm(): Promise<void> {
    const { database, schema } = this.surroundings;
    return confirmDelivery(database, schema, this.fence, this.log.durable);
  }

  private labelled(events: readonly RecordedEvent[]): Promise<readonly RecordedEvent[]> {
    const { database, schema } = this.surroundings;
    return labelEpochs(database, schema, this.log.epochs, events, this.subscription.filter);
  }

  /** Handles events from `first` on and before `end`, at most a batch. @returns the next one to handle */
  private async step(page: DeliverablePage, first: number, end: number): Promise<number> {
    const batch = page.events.slice(first, Math.min(end, first + this.subscription.batchSize));
    const free = batch.filter((event) => !this.parked.has(streamKey(event)));
    const settlementOf = (count: number): Settlement => ({
      checkpoint: checkpointBefore(page, first + count),
      behind: batch.slice(0, count).filter((event) => this.parked.has(streamKey(event))),
    });
    try {
      return await this.place.handle(async (manager) => {
        const unit = { attempt: 1, signal: this.stopping.signal, manager };
        const handled = free.length === 0 ? 0 : await this.subscription.handle(free, unit);
        const rest = free[handled];
        const count = rest ? batch.indexOf(rest) : batch.length;
        return { settlement: settlementOf(count), result: first + count };
      });
    } catch (error) {
      if (!this.isOfHandler(error)) throw error;
      if (!(error instanceof EventFailure) && batch.length > 1) {
        // At commit: which of them it was shows when they go one by one.
        for (let next = first; next < first + batch.length;) next = await this.step(page, next, next + 1);
        return first + batch.length;
      }
      const failed = error instanceof EventFailure ? error.event : free[0];
      if (!failed) throw error;
      const index = first + batch.indexOf(failed);
      // Those before it: rolled back with it in a transaction, done without one.
      if (index > first) {
        if (this.subscription.transactional) {
          for (let next = first; next < index;) next = await this.step(page, next, index);
        } else await this.place.settle(settlementOf(index - first));
      }
      const past = { checkpoint: checkpointBefore(page, index + 1) };
      await this.alone(failed, error, { handled: past, parked: past });
      return index + 1;
    }
  }

  /** Tries one event again until it is handled or parked. */
  private async alone(
    event: RecordedEvent,
    failure: unknown,
    settlements: Record<'handled' | 'parked', Settlement>,
  ): Promise<void> {
    const { database, schema, onError } = this.surroundings;
    const { attempts } = this.subscription;
    const name = `Consumer "${this.lease.consumer}"`;
    let error = failure;
    for (let tried = 1, counted = 1; ; tried++) {
      const cause = error instanceof EventFailure ? error.cause : error;
      const passes = this.subscription.isTransient(cause);
      if (!passes && counted++ >= attempts) {
        await this.place.settle({
          ...settlements.parked,
          failed: { event, error: errorInWords(cause), attempts },
        });
        this.parked.add(streamKey(event));
        onError(`${name} has parked ${streamKey(event)}@${event.streamPosition}`, cause);
        return;
      }
      // Broken off because the worker stops: no failure of anybody.
      if (this.stopping.signal.aborted) throw new LeaseLostError(this.lease);
      if (passes && tried === 2) onError(`${name} waits`, cause); // once: it may take hours
      await recordEventFailure(database, schema, this.fence, event, errorInWords(cause));
      await new Pause().wait(backoff(tried), 0, this.stopping.signal);
      if (this.stopping.signal.aborted) throw new LeaseLostError(this.lease);
      try {
        await this.handleOne(event, tried + 1, settlements.handled);
        return;
      } catch (again) {
        if (!this.isOfHandler(again)) throw again;
        error = again;
      }
    }
  }

  private async handleOne(event: RecordedEvent, attempt: number, settlement: Settlement): Promise<void> {
    const { signal } = this.stopping;
    if (this.place.leaves) await this.confirm();
    await this.place.handle(async (manager) => {
      await this.subscription.handle([event], { attempt, signal, manager });
      return { settlement, result: undefined };
    });
  }

  /** Those that somebody has asked for, oldest first; whatever is behind one that fails again waits for the next request. */
  private async retryParked(): Promise<void> {
    const { database, schema } = this.surroundings;
    const next = (): Promise<RecordedEvent | undefined> => nextRetry(database, schema, this.lease);
    for (let event = await next(); event && !this.stopping.signal.aborted; event = await next()) {
      const [parked = event] = await this.labelled([event]);
      const settlements = { handled: { retried: parked }, parked: {} };
      try {
        await this.handleOne(parked, 1, settlements.handled);
      } catch (error) {
        if (!this.isOfHandler(error)) throw error;
        await this.alone(parked, error, settlements);
      }
    }
    this.parked = await parkedStreams(database, schema, this.lease);
  }

  /** Not ours to handle: the loss of the lease, and an outage of the database around the handler. */
  private isOfHandler(error: unknown): boolean {
    if (error instanceof EventFailure) return true;
    if (error instanceof LeaseLostError || error instanceof UntoldLogError) return false;
    return this.subscription.transactional && !isTransient(error);
  }
}
