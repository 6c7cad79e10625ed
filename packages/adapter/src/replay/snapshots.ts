import { type Database, quoteIdentifier, whyReadOnly } from '../database/index.js';
import { BackstoryError } from '../errors.js';
import type { EntityMapping } from '../mapping/index.js';
import { mayKeepSnapshots } from './may-keep-snapshots.js';
import type { ReplayedStream } from './replayed-stream.js';
import { takeSnapshots } from './take-snapshots.js';

/** Streams waiting for a snapshot, at most; the next read of a further one notes it again. */
const maxWaiting = 1_000;
const batchSize = 50;

/**
 * Takes snapshots of streams that reads have found long: in the background, one batch at a time, on a connection of its
 * own, where only committed events are seen. A read only notes what it found; nothing here can slow it or make it fail.
 * Where the role lacks the rights it says so once, and takes none until it has them; nor on a server that takes no writes.
 */
export class Snapshots {
  private readonly waiting = new Map<EntityMapping, Map<string, number>>();
  private size = 0;
  private running: Promise<void> | undefined;
  private stopped = false;
  private toldOfRights = false;

  constructor(
    private readonly database: Database,
    private readonly schema: string,
    private readonly onError: (error: unknown) => void,
  ) {}

  /** Notes a stream if its replay had to fold so many events that a snapshot would have been within its way. */
  observe(mapping: EntityMapping, streamId: string, { position, folded, erased }: ReplayedStream): void {
    const { snapshotEvery } = mapping;
    // the last multiple of the interval lies among the folded events
    if (erased || snapshotEvery === 0 || position % snapshotEvery >= folded || this.stopped) return;
    let waiting = this.waiting.get(mapping);
    if (!waiting) this.waiting.set(mapping, (waiting = new Map<string, number>()));
    if (waiting.has(streamId) || this.size >= maxWaiting) return;
    waiting.set(streamId, position);
    this.size++;
    this.running ??= this.run();
  }

  /** Resolves when everything noted so far has been taken. */
  async settled(): Promise<void> {
    while (this.running) await this.running;
  }

  async stop(): Promise<void> {
    this.stopped = true;
    await this.running;
  }

  private async run(): Promise<void> {
    try {
      // not in the turn of the read that noted the first
      await new Promise(setImmediate);
      if ((await whyReadOnly(this.database)) !== undefined) return this.forget();
      if (!(await this.hasRights())) return this.forget();
      for (let batch = this.next(); batch && !this.stopped; batch = this.next()) {
        await takeSnapshots(this.database, this.schema, ...batch);
      }
    } catch (error) {
      this.forget();
      this.onError(error);
    } finally {
      this.running = undefined;
    }
  }

  private async hasRights(): Promise<boolean> {
    const has = await mayKeepSnapshots(this.database, this.schema);
    if (!has && !this.toldOfRights) {
      this.onError(
        new BackstoryError(
          'SNAPSHOTS_REFUSED',
          `The role of this application may not read and write the snapshots in schema "${this.schema}".`,
          `As their owner: GRANT SELECT, INSERT ON ${quoteIdentifier(this.schema)}.snapshots TO …`,
        ),
      );
    }
    this.toldOfRights = !has;
    return has;
  }

  /** Those that wait are noted again by the next read that finds them long. */
  private forget(): void {
    this.waiting.clear();
    this.size = 0;
  }

  private next(): [EntityMapping, Map<string, number>] | undefined {
    for (const [mapping, streams] of this.waiting) {
      if (streams.size === 0) continue;
      const batch = new Map([...streams].slice(0, batchSize));
      for (const id of batch.keys()) streams.delete(id);
      this.size -= batch.size;
      return [mapping, batch];
    }
    return undefined;
  }
}
