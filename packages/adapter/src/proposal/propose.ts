import type { EntityDescription } from './entity-description.js';
import { type Ownership, ownerships } from './owned-relations.js';
import { passingRows } from './passing-rows.js';
import type { Proposal, Proposed, ProposedAggregate } from './proposal.js';
import { proposedCategories } from './proposed-categories.js';
import { sensitivity } from './sensitive-property.js';

/** Proposes a configuration for these entities, with the reason for each part of it. */
export function propose(entities: readonly EntityDescription[]): Proposal {
  const exclude = entities.flatMap((entity): Proposed[] => {
    const reason = entity.refusal ?? passingRows(entity);
    return reason === undefined ? [] : [{ name: entity.name, reason }];
  });
  const joinTables = new Map(
    entities.flatMap(({ relations }) =>
      relations.flatMap(({ joinTable, joinTableRefusal }) =>
        joinTable === undefined || joinTableRefusal === undefined
          ? []
          : ([[joinTable, { name: joinTable, reason: joinTableRefusal }]] as const),
      ),
    ),
  );
  const excluded = new Set(exclude.map(({ name }) => name));
  const ownership = ownerships(entities, excluded);
  const owned = new Set(
    [...ownership.values()].flatMap(({ owns }) => owns.flatMap(({ target }) => target ?? [])),
  );
  const categories = proposedCategories(
    entities.map(({ name }) => name).filter((name) => !excluded.has(name) && !owned.has(name)),
  );
  const aggregates = entities
    .filter(({ name }) => !excluded.has(name))
    .map((entity): ProposedAggregate => ({
      entity: entity.name,
      ...categories.get(entity.name),
      owns: owned.has(entity.name) ? [] : pathsFrom(entity.name, ownership),
      exclude: sensitive(entity, 'secret'),
      personal: sensitive(entity, 'person'),
      notOwned: ownership.get(entity.name)?.notOwned ?? [],
    }))
    .filter(
      ({ category, owns, exclude, personal, notOwned }) =>
        category !== undefined || owns.length + exclude.length + personal.length + notOwned.length > 0,
    );
  return { aggregates, exclude: [...exclude, ...joinTables.values()] };
}

function sensitive({ properties }: EntityDescription, of: 'secret' | 'person'): Proposed[] {
  return properties.flatMap((name) => {
    const found = sensitivity(name);
    return found?.of === of ? [{ name, reason: `it looks like ${found.reason}` }] : [];
  });
}

/** At any depth: what an owned entity owns is its root's. */
function pathsFrom(
  entity: string,
  ownership: ReadonlyMap<string, Ownership>,
  above: readonly string[] = [],
): Proposed[] {
  if (above.includes(entity)) return [];
  const owns = ownership.get(entity)?.owns ?? [];
  return owns.flatMap(({ name, reason, target }) => [
    { name, reason },
    ...(target === undefined
      ? []
      : pathsFrom(target, ownership, [...above, entity]).map((part) => ({
          ...part,
          name: `${name}.${part.name}`,
        }))),
  ]);
}
