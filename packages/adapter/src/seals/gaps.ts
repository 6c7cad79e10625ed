import type { PositionRange } from '../outbox/index.js';

/** `5-7,9` */
export function gapsText(gaps: readonly PositionRange[]): string {
  return gaps.map(({ from, to }) => (from === to ? `${from}` : `${from}-${to}`)).join(',');
}

/** Undefined for a text that {@link gapsText} has not written. */
export function gapsOf(text: string): PositionRange[] | undefined {
  if (text === '') return [];
  if (!/^\d{1,19}(?:-\d{1,19})?(?:,\d{1,19}(?:-\d{1,19})?)*$/.test(text)) return undefined;
  const gaps = text.split(',').map((range) => {
    const [from = '', to = from] = range.split('-');
    return { from: BigInt(from), to: BigInt(to) };
  });
  return gapsText(gaps) === text ? gaps : undefined;
}

/** The positions from one to another that are not in gaps, ascending. */
export function* positionsBeside(
  gaps: readonly PositionRange[],
  from: bigint,
  to: bigint,
): Generator<bigint, undefined, undefined> {
  let position = from;
  for (const gap of [...gaps, { from: to + 1n, to }]) {
    for (; position < gap.from && position <= to; position++) yield position;
    if (gap.to >= position) position = gap.to + 1n;
  }
  return undefined;
}
