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

/** Both are ascending, and none of one overlaps any of the other. */
export function inOrder(
  some: readonly PositionRange[],
  others: readonly PositionRange[],
): readonly PositionRange[] {
  if (some.length === 0) return others;
  const ranges: PositionRange[] = [];
  let next = 0;
  for (const range of others) {
    for (; some[next] && (some[next] as PositionRange).from < range.from; next++)
      ranges.push(some[next] as PositionRange);
    ranges.push(range);
  }
  return [...ranges, ...some.slice(next)];
}
