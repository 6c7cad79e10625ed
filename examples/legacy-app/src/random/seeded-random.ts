export interface Random {
  /** In [0, 1). */
  next(): number;
  /** Both ends included. */
  integer(from: number, to: number): number;
  chance(probability: number): boolean;
  /** Undefined when there is nothing to pick from. */
  pick<T>(values: readonly T[]): T | undefined;
  /** Up to that many different values. */
  sample<T>(values: readonly T[], count: number): T[];
  /** A word that it makes only once, for what has to be unique. */
  word(): string;
}

/** The same choices for the same seed (mulberry32). The salt goes into the words only. */
export function seededRandom(seed: number, salt = ''): Random {
  let words = 0;
  let state = seed >>> 0;
  const next = (): number => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 0x1_0000_0000;
  };
  const integer = (from: number, to: number): number => from + Math.floor(next() * (to - from + 1));
  return {
    next,
    integer,
    chance: (probability) => next() < probability,
    pick: (values) => values[integer(0, values.length - 1)],
    sample: (values, count) => {
      const left = [...values];
      const taken = [];
      while (taken.length < count && left.length > 0) {
        taken.push(...left.splice(integer(0, left.length - 1), 1));
      }
      return taken;
    },
    word: () => {
      words += 1;
      return `${salt}${integer(0, 0xffffff).toString(36)}-${words.toString(36)}`;
    },
  };
}
