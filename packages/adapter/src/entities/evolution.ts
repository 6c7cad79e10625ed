import { InvalidOptionsError } from '../errors.js';
import type { AggregateOptions, EntityMapping } from '../mapping/index.js';

/** What says how an aggregate's events have changed over time, and how its replay is shortened. */
export type Evolution = Pick<
  EntityMapping,
  'renamedTypes' | 'schemaVersion' | 'upcasters' | 'foldsInSql' | 'snapshotEvery' | 'evolve'
>;

const everyByDefault = 100;
const highestVersion = 32_767;

/** @throws InvalidOptionsError for a version that can't be, or an upcaster that would never run */
export function evolutionOf(
  entity: string,
  {
    renamedTypes = {},
    schemaVersion = 1,
    upcasters = {},
    snapshots = { every: everyByDefault },
    upcastByCode = false,
    evolve,
  }: Omit<AggregateOptions, 'entity'>,
): Evolution {
  if (!Number.isInteger(schemaVersion) || schemaVersion < 1 || schemaVersion > highestVersion) {
    throw new InvalidOptionsError(
      `schemaVersion ${schemaVersion} of "${entity}" is no version.`,
      `Use a whole number from 1 to ${highestVersion}.`,
    );
  }
  for (const [type, byVersion] of Object.entries(upcasters)) {
    const useless = Object.keys(byVersion).find((version) => !(Number(version) < schemaVersion));
    if (useless !== undefined) {
      throw new InvalidOptionsError(
        `"${entity}" has an upcaster for ${type} of version ${useless}, but its schemaVersion is ${schemaVersion}.`,
        `An upcaster leads from its version to the next: raise schemaVersion to ${Number(useless) + 1}.`,
      );
    }
    if (renamedTypes[type] !== undefined) {
      throw new InvalidOptionsError(
        `"${entity}" has upcasters for ${type}, which "renamedTypes" calls ${renamedTypes[type]} today.`,
        `Give them under the name of today: ${renamedTypes[type]}.`,
      );
    }
  }
  const snapshotEvery = snapshots === 'off' ? 0 : snapshots.every;
  if (snapshotEvery !== 0 && !(Number.isInteger(snapshotEvery) && snapshotEvery > 1)) {
    throw new InvalidOptionsError(
      `snapshots: { every: ${snapshotEvery} } of "${entity}" can't be.`,
      "Use a whole number of events from 2, or 'off'.",
    );
  }
  const foldsInSql = Object.keys(upcasters).length === 0 && !upcastByCode;
  return { renamedTypes, schemaVersion, upcasters, foldsInSql, snapshotEvery, ...(evolve && { evolve }) };
}
