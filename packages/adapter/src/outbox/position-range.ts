/** Global positions from one to another, both included. */
export interface PositionRange {
  readonly from: bigint;
  readonly to: bigint;
}

/** What of the ranges is at or below a position. */
export function upTo(ranges: readonly PositionRange[], position: bigint): PositionRange[] {
  return ranges
    .filter(({ from }) => from <= position)
    .map(({ from, to }) => ({ from, to: to < position ? to : position }));
}

/** What of the ranges is above a position. */
export function above(ranges: readonly PositionRange[], position: bigint): PositionRange[] {
  return ranges
    .filter(({ to }) => to > position)
    .map(({ from, to }) => ({ from: from > position ? from : position + 1n, to }));
}
