import type { Database } from '../database/index.js';
import type { EventEvolution } from './event-evolution.js';
import type { ValuesBefore } from './values-before.js';
import type { DeliveryTransactions } from './delivery-transactions.js';

/** What workers need of the world. */
export interface WorkerSurroundings {
  readonly database: Database;
  readonly schema: string;
  readonly transactions: DeliveryTransactions;
  readonly leaseMs: number;
  /** The longest pause between two looks at a quiet log. */
  readonly pollMs: number;
  readonly onError: (problem: string, error: unknown) => void;
  readonly evolution: EventEvolution;
  readonly befores: ValuesBefore;
}
