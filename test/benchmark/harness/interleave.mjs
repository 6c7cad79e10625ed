import { shuffled } from './seeded-random.mjs';

/**
 * Lets every variant take its turn in every round, in random order, so that whatever else the machine does meets all
 * of them alike. The first rounds warm up and do not count.
 * @template Variant
 * @param {object} options
 * @param {readonly Variant[]} options.variants
 * @param {number} options.rounds
 * @param {() => number} options.random
 * @param {(variant: Variant, round: number) => Promise<number[]>} options.turn milliseconds of each operation
 * @param {number} [options.warmUp] rounds
 * @returns {Promise<Map<Variant, number[]>>}
 */
export async function interleave({ variants, rounds, random, turn, warmUp = Math.ceil(rounds / 5) }) {
  /** @type {Map<Variant, number[]>} */
  const samples = new Map(variants.map((variant) => [variant, []]));
  for (let round = 0; round < warmUp + rounds; round++) {
    for (const variant of shuffled(variants, random)) {
      const times = await turn(variant, round);
      if (round >= warmUp) samples.get(variant)?.push(...times);
    }
  }
  return samples;
}

/** @param {() => Promise<unknown>} work @returns {Promise<number>} milliseconds */
export async function timed(work) {
  const start = performance.now();
  await work();
  return performance.now() - start;
}
