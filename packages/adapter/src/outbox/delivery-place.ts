import type { Checkpoint } from './checkpoint.js';
import type { Lease } from './consumer-lease.js';
import type { EnteredLog } from './enter-log.js';
import type { Settlement } from './settlement.js';
import type { WorkerSurroundings } from './worker-surroundings.js';

/** Handles events, and says what that comes to. */
export type Work<Result> = (
  manager: unknown,
) => Promise<{ readonly settlement: Settlement; readonly result: Result }>;

/** Where a worker's handlers have their effects, and how what it has come to is stored with these. */
export interface DeliveryPlace {
  /** Whether events leave the log's database: then they must not be lost in it any more. */
  readonly leaves: boolean;
  /** Begins, or begins anew. @returns where the partition stands @throws LeaseLostError */
  enter(log: EnteredLog): Promise<Checkpoint>;
  /**
   * Runs `work`, with the manager of the transaction where there is one, and stores what it has come to.
   * @throws LeaseLostError where somebody else has the partition, or the checkpoint isn't what this worker has left
   */
  handle<Result>(work: Work<Result>): Promise<Result>;
  /** Stores what it has come to without handling anything. @throws LeaseLostError */
  settle(settlement: Settlement): Promise<void>;
}

/** Opens the place of one partition. */
export type OpenPlace = (surroundings: WorkerSurroundings, lease: Lease) => DeliveryPlace;

/** Everything is handled and stored in its place, and the log could not be told: nobody may handle it again. */
export class UntoldLogError extends Error {
  override readonly name = 'UntoldLogError';
  constructor(override readonly cause: unknown) {
    super(`What was handled is stored, and the log could not be told: ${String((cause as Error).message)}`);
  }
}
