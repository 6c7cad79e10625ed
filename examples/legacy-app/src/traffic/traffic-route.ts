import type { Random } from '../random/seeded-random.js';
import type { KnownRows } from './known-rows.js';

export interface TrafficRequest {
  path: string;
  body?: unknown;
  /** Looks at the body of a successful answer. */
  learn?(answer: unknown): void;
}

export interface TrafficRoute {
  method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  route: string;
  /** How often it is called, compared with the others. */
  weight: number;
  /** Undefined when the traffic knows no row that it could be about. */
  request(known: KnownRows, random: Random): TrafficRequest | undefined;
}

/** For a request about a row that may not be known yet. */
export function about<Row>(
  row: Row | undefined,
  request: (row: Row) => TrafficRequest,
): TrafficRequest | undefined {
  return row === undefined ? undefined : request(row);
}
