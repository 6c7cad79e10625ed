import { type Database, gaveWay, sqlState } from '../database/index.js';
import { BackstoryError, InvalidOptionsError } from '../errors.js';
import { goesBy } from '../erasure/index.js';
import type { MappingRegistry } from '../mapping/index.js';
import type { SealingOptions } from '../options/index.js';
import { Pause } from '../outbox/index.js';
import { searchScope } from './search-scope.js';
import {
  proveEvent,
  readSealStatus,
  sealEvents,
  type SealOptions,
  type SealProof,
  type SealReport,
  type SealStatus,
  type SealVerification,
  type SealVerifyOptions,
  verifySeals,
} from '../seals/index.js';

/** When a sealer that runs seals again. */
export interface SealRunOptions extends SealOptions {
  /** Milliseconds between two runs. @defaultValue 10 000 */
  everyMs?: number;
}

/**
 * Evidence that nobody has changed events: blocks of hashes, whose digests are kept outside of the database. Costs writers
 * nothing, and is the business of the tables' owner: nobody else has a right on seals.
 */
export class SealControl {
  private readonly runs = new Map<AbortController, Promise<void>>();

  /** @internal */
  constructor(
    private readonly database: Database,
    private readonly schema: string,
    private readonly mappings: MappingRegistry,
    private readonly options: SealingOptions,
    private readonly onError: (error: unknown) => void,
  ) {}

  /**
   * Seals what has come since the last block, and writes the digests. Several processes may: they take turns.
   * @throws BackstoryError SEAL_REFUSED; DIGEST_NOT_WRITTEN, and the next run writes it; DIGEST_DIFFERS where the digests outside are of other blocks
   * @example await backstory.seals.seal({ digest: fileDigests('digests.jsonl') });
   */
  seal(options: SealOptions = {}): Promise<SealReport> {
    return sealEvents(this.database, this.schema, { ...this.options, ...options }).catch(refused);
  }

  /**
   * Seals again and again until the signal, `stop()` or `close()`. Errors go to the logger, and the next turn tries again.
   * @example void backstory.seals.run({ everyMs: 60_000 }); // until stop() or close()
   */
  run({ everyMs = this.options.everyMs ?? 10_000, signal, ...options }: SealRunOptions = {}): Promise<void> {
    if (!(everyMs >= 10)) {
      throw new InvalidOptionsError(`everyMs: ${everyMs} is too small.`, 'Use at least 10 milliseconds.');
    }
    const end = new AbortController();
    const abort = (): void => end.abort();
    signal?.addEventListener('abort', abort);
    if (signal?.aborted) abort();
    const work = async (): Promise<void> => {
      while (!end.signal.aborted) {
        await this.seal({ ...options, signal: end.signal }).catch((error: unknown) => {
          if (!end.signal.aborted && !gaveWay(error)) this.onError(error);
        });
        await new Pause().wait(everyMs, 0, end.signal);
      }
    };
    const running = work().finally(() => {
      signal?.removeEventListener('abort', abort);
      this.runs.delete(end);
    });
    this.runs.set(end, running);
    return running;
  }

  /**
   * Ends what runs, after the block that is under way.
   * @example await backstory.seals.stop();
   */
  async stop(): Promise<void> {
    for (const end of this.runs.keys()) end.abort();
    await Promise.all(this.runs.values());
  }

  /**
   * Compares what is sealed with its seals, and the seals with the digests from outside.
   * @throws BackstoryError NOT_SEALED where there is nothing to compare, DIGEST_UNREADABLE, SEAL_REFUSED
   * @example const verification = await backstory.seals.verify({ digest: 'digests.jsonl' });
   */
  verify(options: SealVerifyOptions = {}): Promise<SealVerification> {
    return verifySeals(this.database, this.schema, options).catch(refused);
  }

  /**
   * What somebody without the database needs to check one event against a digest that they have.
   * Also of a topic, and of an aggregate that this application doesn't name.
   * @throws BackstoryError NOT_SEALED, SEAL_DIFFERS; UnknownAggregateError
   * @example const proof = await backstory.seals.proof('order', '42', 3);
   */
  async proof(categoryOrEntity: string, streamId: string, streamPosition: number): Promise<SealProof> {
    const category = await this.category(categoryOrEntity);
    return proveEvent(this.database, this.schema, category, streamId, streamPosition).catch(refused);
  }

  private async category(name: string): Promise<string> {
    const own = this.mappings.find(name);
    if (own) return own.category;
    const { others, unsearched } = await searchScope(this.database, this.schema, this.mappings.all());
    const other = [...others, ...unsearched].find((each) => goesBy(each, name));
    return (other ?? this.mappings.get(name)).category;
  }

  /**
   * How far the log is sealed; null where nothing is, and for a role that may not look at it.
   * @example const status = await backstory.seals.status();
   */
  status(): Promise<SealStatus | null> {
    return readSealStatus(this.database, this.schema);
  }
}

/** A missing right, or rows that a policy hides, as an error that says so. */
function refused(error: unknown): never {
  if (sqlState(error) !== '42501') throw error;
  throw new BackstoryError(
    'SEAL_REFUSED',
    `This database role may not seal, or not see every event: ${(error as Error).message.split('\n')[0] ?? ''}`,
    "Seals belong to the owner of Backstory's tables: run it as the owner.",
    { cause: error },
  );
}
