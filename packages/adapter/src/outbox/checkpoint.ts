import type { PositionRange } from './position-range.js';

/** How far a consumer has come: everything up to a position, but for gaps that may still be filled. */
export interface Checkpoint {
  readonly position: bigint;
  /** Ascending, apart, and below the position. */
  readonly gaps: readonly PositionRange[];
}

/** As it stands in a row. Positions are text there: JSON's numbers end at 2^53. */
export interface StoredCheckpoint {
  readonly position: string;
  readonly gaps: readonly (readonly [from: string, to: string])[];
}

export function storedCheckpoint({ position, gaps }: Checkpoint): [position: string, gaps: string] {
  return [String(position), JSON.stringify(gaps.map(({ from, to }) => [String(from), String(to)]))];
}

export function checkpointOf({ position, gaps }: StoredCheckpoint): Checkpoint {
  return {
    position: BigInt(position),
    gaps: gaps.map(([from, to]) => ({ from: BigInt(from), to: BigInt(to) })),
  };
}
