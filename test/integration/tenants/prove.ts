import type { Backstory } from '@backstory/adapter';

/** Backfilled, verified and replayed: the whole way of one category, with nothing forced but the count of shadow reads. */
export async function toReplay(backstory: Backstory, category: string): Promise<void> {
  await backstory.backfill();
  const { clean } = await backstory.verify();
  if (!clean) throw new Error(`${category} differs from its events.`);
  await backstory.stages.set(category, 'shadow');
  await backstory.stages.set(category, 'replay', { force: true });
}
