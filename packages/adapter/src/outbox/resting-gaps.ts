import { randomUUID } from 'node:crypto';
import { inOrder, type PositionRange } from './position-range.js';

/** Gaps that the same transactions may fill, and nobody else. */
export interface GapsOfWriters {
  /** Ascending. */
  readonly ranges: readonly PositionRange[];
  readonly writers: ReadonlySet<string>;
}

/**
 * Gaps that wait for transactions which have stayed open for some pages. A page that sees all of these at work has nothing to do with
 * them, however many they are. Never changed: others have another name.
 */
export interface RestingGaps {
  readonly name: string;
  readonly groups: readonly GapsOfWriters[];
  readonly size: number;
  /** Ids of all transactions that may fill them, with commas. */
  readonly transactions: string;
}

/** @param transactionOf - the id of a writer's transaction */
export function restingGaps(
  groups: readonly GapsOfWriters[],
  transactionOf: (writer: string) => string,
): RestingGaps | undefined {
  if (groups.length === 0) return undefined;
  const writers = new Set(groups.flatMap((group) => [...group.writers]));
  return {
    name: randomUUID(),
    groups,
    size: groups.reduce((sum, { ranges }) => sum + ranges.length, 0),
    transactions: [...writers].map(transactionOf).join(),
  };
}

/** With further gaps; those of the same writers are one group. */
export function joined(groups: readonly GapsOfWriters[], others: readonly GapsOfWriters[]): GapsOfWriters[] {
  const byWriters = new Map(groups.map((group) => [nameOf(group), group]));
  for (const group of others) {
    const known = byWriters.get(nameOf(group));
    byWriters.set(nameOf(group), known ? { ...known, ranges: inOrder(known.ranges, group.ranges) } : group);
  }
  return [...byWriters.values()];
}

/** All of these ranges, which are apart, in order. */
export function rangesInOrder(...lists: readonly (readonly PositionRange[])[]): PositionRange[] {
  return lists.flat().sort((one, other) => (one.from < other.from ? -1 : 1));
}

export function storedRanges({ groups }: RestingGaps): string {
  return JSON.stringify(
    groups.flatMap(({ ranges }) => ranges.map(({ from, to }) => [String(from), String(to)])),
  );
}

const nameOf = ({ writers }: GapsOfWriters): string => [...writers].sort().join();
