import { randomUUID } from 'node:crypto';
import { hostname } from 'node:os';
import { quoteIdentifier } from '../database/index.js';
import { BackstoryError } from '../errors.js';
import type { RecordedEvent } from '../event/index.js';
import { beat, type Lease, release, signOff } from './consumer-lease.js';
import { deliverPage } from './deliver-page.js';
import { enterLog } from './enter-log.js';
import { GapAwareReader } from './gap-aware-reader.js';
import { labelEpochs } from './label-epochs.js';
import { openPlace } from './open-place.js';
import { registerConsumer } from './register-consumer.js';
import type { Subscription } from './subscription.js';
import type { WorkerSurroundings } from './worker-surroundings.js';

/**
 * Delivers what is due, in this call and nowhere else: an error ends it and is thrown, and its event and those behind it stay due.
 * @returns the events that were handled, in the order of the log
 * @throws BackstoryError CONSUMER_RUNS where somebody delivers already
 */
export async function deliverOnce(
  surroundings: WorkerSurroundings,
  subscription: Subscription,
): Promise<RecordedEvent[]> {
  const { database, schema, evolution } = surroundings;
  const { name } = subscription;
  const worker = randomUUID();
  await registerConsumer(database, schema, subscription);
  await requireIdle(surroundings, name);
  const handled: RecordedEvent[] = [];
  let leases: readonly Lease[] = [];
  try {
    const self = { id: worker, host: `${hostname()}:${process.pid}` };
    ({ kept: leases } = await beat(database, schema, name, self, surroundings.leaseMs));
    if (leases.length < subscription.partitions) throw running(name);
    for (const lease of leases)
      await deliverPartition(surroundings, subscription, lease, (events) => handled.push(...events));
  } finally {
    const partitions = leases.map(({ partition }) => partition);
    await release(database, schema, name, worker, partitions);
    await signOff(database, schema, name, worker);
    await subscription.close?.();
  }
  const position = ({ globalPosition }: RecordedEvent): bigint => BigInt(globalPosition);
  return handled
    .sort((left, right) => (position(left) < position(right) ? -1 : 1))
    .map((event) => evolution.upcast(event));
}

async function deliverPartition(
  surroundings: WorkerSurroundings,
  subscription: Subscription,
  lease: Lease,
  onHandled: (events: readonly RecordedEvent[]) => void,
): Promise<void> {
  const { database, schema } = surroundings;
  const log = await enterLog(database, schema, lease);
  const place = openPlace(surroundings, subscription, lease);
  const checkpoint = await place.enter(log);
  const filter = { ...subscription.filter, partition: { index: lease.partition, of: lease.partitions } };
  const reader = new GapAwareReader(database, schema, checkpoint, filter, 1000);
  for (let full = true; full;) {
    const found = await reader.next();
    const events = await labelEpochs(database, schema, log.epochs, found.events, subscription.filter);
    await deliverPage(subscription, place, { ...found, events }, onHandled);
    full = found.full;
  }
}

async function requireIdle({ database, schema }: WorkerSurroundings, consumer: string): Promise<void> {
  const workers = await database.execute(
    `select from ${quoteIdentifier(schema)}.consumer_workers
     where consumer = $1 and expires_at >= clock_timestamp() limit 1`,
    [consumer],
  );
  if (workers.length > 0) throw running(consumer);
}

function running(consumer: string): BackstoryError {
  return new BackstoryError(
    'CONSUMER_RUNS',
    `Consumer "${consumer}" is running, here or in another process: it gets its events in the background.`,
    'Wait for it with settled(), or stop it first: backstory.consumers.stop(), startConsumers: false in Nest. One whose process has died has gone after consumers.leaseMs.',
  );
}
