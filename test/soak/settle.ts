import type { Backstory, Drift } from '@backstory/adapter';
import { categoryOf, rootOf } from './entity-schemas.js';
import type { Instance } from './instance.js';
import type { Release } from './release.js';
import type { Soak } from './soak.js';

/**
 * What an operator does when a release is everywhere: what the documentation says of its migration, and no more. Beside
 * writers; what is drift without having been announced, or after it was settled, is a fault.
 */
export async function settle(soak: Soak, instance: Instance): Promise<void> {
  const { release, backstory } = instance;
  if (!backstory) return;
  await soak.attempt(`what is replayed by release ${release.number}`, () => replayWhatIsNew(soak, backstory));
  if (release.drops.length > 0) await endWhatIsGone(soak, release, backstory);
  if (release.repairs.length > 0) {
    await expectDrift(soak, release, backstory, 'before the repair', (drift) => isAnnounced(release, drift));
    await soak.attempt(`repair by release ${release.number}`, () =>
      backstory.repair({ reason: release.change }),
    );
  }
  await expectDrift(soak, release, backstory, 'after it was settled', () => false);
}

/** Entities that came with the release, where all are replayed. */
export async function replayWhatIsNew(soak: Soak, backstory: Backstory): Promise<void> {
  if (soak.stage !== 'replay') return;
  for (const { category, stage } of await backstory.status()) {
    if (stage !== 'replay') await backstory.stages.set(category, 'replay', { force: true });
  }
}

/** Aggregates whose tables the release has dropped: verify names them until they are off. */
async function endWhatIsGone(soak: Soak, { number, drops }: Release, backstory: Backstory): Promise<void> {
  await soak.attempt(`the end of ${drops.join()} by release ${number}`, async () => {
    const { unseen } = await backstory.verify();
    const gone = unseen.filter(({ reason }) => drops.some((table) => reason === `public.${table} is gone`));
    for (const { category } of gone) await backstory.stages.set(category, 'off');
  });
}

async function expectDrift(
  soak: Soak,
  release: Release,
  backstory: Backstory,
  when: string,
  expected: (drift: Drift) => boolean,
): Promise<void> {
  const report = await soak.attempt(`verify by release ${release.number}`, () =>
    backstory.verify({ limit: 1_000 }),
  );
  for (const { category, reason } of report?.unseen ?? [])
    soak.fault(`verify of ${category} ${when} of release ${release.number}`, new Error(reason));
  for (const drift of report?.aggregates.flatMap((each) => each.drift).filter((each) => !expected(each)) ??
    []) {
    const { category, part, kind, properties } = drift;
    const name = [category, part?.path].filter(Boolean).join('.');
    soak.fault(
      `verify of ${name} ${when} of release ${release.number}`,
      new Error(`${kind} ${Object.keys(properties).join()}`),
    );
  }
}

function isAnnounced(release: Release, { category, part, properties }: Drift): boolean {
  return release.repairs.some(({ entity: key, property }) => {
    const entity = release.entities.find((each) => each.key === key);
    if (!entity) return false;
    const { root, path } = rootOf(release, entity);
    if (categoryOf(root) !== category) return false;
    const where = path.join('.');
    if (property === '*') return `${part?.path ?? ''}.`.startsWith(`${where}.`);
    return (part?.path ?? '') === where && Object.keys(properties).join() === property;
  });
}
