import type { PositionRange } from './position-range.js';
import { type RestingGaps, rangesInOrder } from './resting-gaps.js';

/** How far a consumer has come: everything up to a position, but for gaps that may still be filled. */
export interface Checkpoint {
  readonly position: bigint;
  /** Ascending, apart, and below the position. */
  readonly gaps: readonly PositionRange[];
  /** Further gaps, apart from these, that each page leaves as they are. */
  readonly resting?: RestingGaps;
}

/** As it stands in a row. Positions are text there: JSON's numbers end at 2^53. */
export interface StoredCheckpoint {
  readonly position: string;
  readonly gaps: readonly (readonly [from: string, to: string, writers?: string])[];
  /** Where gaps that rest are stored apart from the others. */
  readonly resting?: readonly (readonly [from: string, to: string])[];
}

/** The gaps that rest are named by the first of the gaps, and stored apart from them. */
export function storedCheckpoint({ position, gaps, resting }: Checkpoint): [position: string, gaps: string] {
  const changing = gaps.map(({ from, to }) => [String(from), String(to)]);
  const named = resting ? [['resting', resting.name, resting.transactions], ...changing] : changing;
  return [String(position), JSON.stringify(named)];
}

/** With the gaps that rest among the others, for a row that has no place for them. */
export function storedWhole({ position, gaps, resting }: Checkpoint): [position: string, gaps: string] {
  const resters = resting?.groups.map(({ ranges }) => ranges) ?? [];
  return storedCheckpoint({ position, gaps: rangesInOrder(gaps, ...resters) });
}

/** All gaps, which nobody knows yet to rest. */
export function checkpointOf({ position, gaps, resting = [] }: StoredCheckpoint): Checkpoint {
  const ranges = (stored: readonly (readonly [string, string, string?])[]): PositionRange[] =>
    stored.map(([from, to]) => ({ from: BigInt(from), to: BigInt(to) }));
  const rest = gaps[0]?.[0] === 'resting';
  return {
    position: BigInt(position),
    gaps: rest ? rangesInOrder(ranges(gaps.slice(1)), ranges(resting)) : ranges(gaps),
  };
}
