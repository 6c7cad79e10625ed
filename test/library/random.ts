export { type Random, seededRandom } from '../../examples/legacy-app/src/random/seeded-random.js';

/** From BACKSTORY_SEED, or the clock. Printed by whoever uses it, so that a failure can be made again. */
export function seedOfRun(): number {
  return Number(process.env['BACKSTORY_SEED'] ?? Date.now() % 1_000_000_000);
}
