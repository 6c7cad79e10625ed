import { LRUCache } from 'lru-cache';
import type { EntityMapping } from '../mapping/index.js';
import type { ReplayedStream } from './replayed-stream.js';
import { stateSize } from './state-size.js';

/** How many replayed states a process keeps in memory: whichever bound is reached first. */
export interface ReplayCacheOptions {
  /** States, at most, 1 to 10 000 000. More make more reads cheap, and take more memory. @defaultValue 10 000 */
  entries?: number;
  /** About how much memory they take, in megabytes; a larger state than that is not kept. @defaultValue 16 */
  megabytes?: number;
}

/** A state that is kept, and the event that is the last of those that it comes from. */
export interface KeptStream {
  readonly end: string;
  readonly stream: ReplayedStream;
}

/** What is known of the reads of one aggregate. */
interface Known {
  readonly number: number;
  /** The share of streams that were found lately, newer reads counting more. */
  found: number;
}

/** What one read counts in the share. */
const weight = 0.1;
/** Beside the state: its key, its end, and its place in the list. */
const bytesOfEntry = 400;

/**
 * Replayed states in memory. Each is good for as long as the stream ends with the same event: whoever looks here says with which one
 * it ends for the transaction that reads, so nothing here is ever stale and nothing needs to be told of a change.
 * Mappings are told apart by identity: after a migration, or for another tenant, there is another one.
 */
export class ReplayCache {
  private readonly ofMapping = new WeakMap<EntityMapping, Known>();
  private mappings = 0;
  private streams: LRUCache<string, KeptStream> | undefined;
  private closed = false;

  constructor(private readonly options: ReplayCacheOptions = {}) {}

  /** The state of a stream that ends with this event. Unknown ends are never found. It is shared: nobody may change it. */
  find(mapping: EntityMapping, streamId: string, end: string | undefined): ReplayedStream | undefined {
    if (end === undefined) return undefined;
    const key = this.key(mapping, streamId);
    return this.streams?.peek(key)?.end === end ? this.streams.get(key)?.stream : undefined;
  }

  /** What is kept of a stream, whether it still ends so or not. */
  of(mapping: EntityMapping, streamId: string): KeptStream | undefined {
    return this.streams?.peek(this.key(mapping, streamId));
  }

  /**
   * Keeps a stream under its end.
   * @returns the same, which says whether it is kept: then it is shared from now on
   */
  keep(mapping: EntityMapping, streamId: string, end: string, stream: ReplayedStream): ReplayedStream {
    const size = stateSize(stream);
    if (size === undefined || this.closed) return stream;
    this.streams ??= this.opened();
    const found: ReplayedStream = { ...stream, folded: 0, memory: 'found' };
    this.streams.set(this.key(mapping, streamId), { end, stream: found }, { size: size + bytesOfEntry });
    return { ...stream, memory: 'kept' };
  }

  /** Whether the next read will probably find what it looks for. */
  isWarm(mapping: EntityMapping): boolean {
    return this.knownOf(mapping).found > 0.5;
  }

  /** Takes a read into account: how many streams it has wanted, and how many it has found here. */
  note(mapping: EntityMapping, wanted: number, found: number): void {
    const known = this.knownOf(mapping);
    known.found += weight * (found / wanted - known.found);
  }

  /** Forgets everything, and keeps nothing from now on. */
  close(): void {
    this.closed = true;
    this.streams = undefined;
  }

  /** When it is first needed: it takes memory for each possible entry. */
  private opened(): LRUCache<string, KeptStream> {
    const { entries = 10_000, megabytes = 16 } = this.options;
    return new LRUCache({ max: entries, maxSize: Math.ceil(megabytes * 1024 * 1024) });
  }

  private key(mapping: EntityMapping, streamId: string): string {
    return `${this.knownOf(mapping).number} ${streamId}`;
  }

  private knownOf(mapping: EntityMapping): Known {
    let known = this.ofMapping.get(mapping);
    if (!known) this.ofMapping.set(mapping, (known = { number: this.mappings++, found: 0 }));
    return known;
  }
}
