import type { EntityDescription, RelationDescription } from './entity-description.js';
import type { Proposed } from './proposal.js';

/** Of one entity: what it should own, and what only looks like it. */
export interface Ownership {
  readonly owns: readonly (Proposed & { readonly target?: string })[];
  readonly notOwned: readonly Proposed[];
}

/**
 * Which rows belong to which: those of a join table to the side that writes them, and those that are deleted with another or
 * saved with it, can't be without it or are inserted with it, and are referred to by nobody else.
 */
export function ownerships(
  entities: readonly EntityDescription[],
  excluded: ReadonlySet<string>,
): Map<string, Ownership> {
  const candidates = entities
    .filter(({ name }) => !excluded.has(name))
    .flatMap((entity) =>
      entity.relations
        .filter(({ target }) => !excluded.has(target))
        .map((relation) => ({ entity, relation })),
    );
  const ownership = new Map<string, { owns: (Proposed & { target?: string })[]; notOwned: Proposed[] }>();
  for (const { entity, relation } of candidates) {
    if (relation.joinTable === undefined && !looksOwned(relation)) continue;
    const of = ownership.get(entity.name) ?? { owns: [], notOwned: [] };
    ownership.set(entity.name, of);
    const objection = relation.refusal ?? objectionTo(entity, relation, entities, candidates);
    if (objection !== undefined) of.notOwned.push({ name: relation.path, reason: objection });
    else
      of.owns.push({
        name: relation.path,
        reason: reasonFor(relation),
        ...(relation.joinTable === undefined && { target: relation.target }),
      });
  }
  return ownership;
}

function looksOwned({ deletedByDatabase, savedTogether }: RelationDescription): boolean {
  return deletedByDatabase || savedTogether;
}

/** A foreign key may be null by TypeORM's default, so that says little where the rows are inserted with their parent. */
function mayBeOwned(relation: RelationDescription): boolean {
  return looksOwned(relation) && (relation.required || (relation.bornTogether && !relation.hasStrays));
}

function objectionTo(
  entity: EntityDescription,
  relation: RelationDescription,
  entities: readonly EntityDescription[],
  candidates: readonly { entity: EntityDescription; relation: RelationDescription }[],
): string | undefined {
  const { path, target, required, joinTable, joinTableRefusal, bornTogether } = relation;
  if (joinTable !== undefined) return joinTableRefusal;
  if (!mayBeOwned(relation)) {
    const why = bornTogether ? 'there are rows whose foreign key is null' : 'its foreign key may be null';
    return `${target} can be without ${entity.name}: ${why}`;
  }
  const child = entities.find(({ name }) => name === target);
  const others = entities.filter(
    ({ name, refersTo }) =>
      name !== target && refersTo.includes(target) && !isPartOf(name, target, candidates),
  );
  if (others.length > 0)
    return `${others.map(({ name }) => name).join(' and ')} refers to ${target}, so it has a life of its own`;
  const rival = candidates.find(
    (other) =>
      (other.entity !== entity || other.relation.path !== path) &&
      other.relation.target === target &&
      other.relation.joinTable === undefined &&
      (other.relation.required || !required) &&
      mayBeOwned(other.relation),
  );
  if (rival) return `${target} could as well be "${rival.relation.path}" of ${rival.entity.name}`;
  return child?.refusal;
}

/** Parts of parts are no strangers. */
function isPartOf(
  name: string,
  parent: string,
  candidates: readonly { entity: EntityDescription; relation: RelationDescription }[],
): boolean {
  return candidates.some(
    ({ entity, relation }) => entity.name === parent && relation.target === name && mayBeOwned(relation),
  );
}

function reasonFor({ required, deletedByDatabase, savedTogether, joinTable }: RelationDescription): string {
  if (joinTable !== undefined) return `rows of the join table ${joinTable}, which are written from this side`;
  const reasons = [
    ...(required ? ['their foreign key is NOT NULL'] : []),
    ...(deletedByDatabase ? ['ON DELETE CASCADE'] : []),
    ...(savedTogether ? ['they are saved with it (cascade)'] : []),
    ...(required ? [] : ['those whose foreign key is null have no events']),
  ];
  return reasons.join(', ');
}
