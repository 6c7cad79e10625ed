/** A seeded generator (mulberry32): the same seed gives the same run. */
export interface Random {
  readonly seed: number;
  /** 0 ≤ x < 1 */
  next(): number;
  /** 0 ≤ n < below */
  integer(below: number): number;
  pick<Item>(items: readonly Item[]): Item;
}

/** Seeds come from BACKSTORY_SEED or the clock, and are printed by whoever uses them. */
export function randomFrom(seed: number): Random {
  let state = seed >>> 0;
  const next = (): number => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = state;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
  const integer = (below: number): number => Math.floor(next() * below);
  return { seed, next, integer, pick: (items) => items[integer(items.length)] as (typeof items)[number] };
}

export function seedOfRun(): number {
  return Number(process.env['BACKSTORY_SEED'] ?? Date.now() % 1_000_000_000);
}
