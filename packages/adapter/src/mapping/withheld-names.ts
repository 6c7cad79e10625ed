import type { EntityMapping } from './entity-mapping.js';

/** The properties that an aggregate and its parts leave out of events because they look like secrets, each behind its entity. */
export function withheldNames({
  entity,
  withheld = [],
  parts = [],
}: Pick<EntityMapping, 'entity'> & Partial<Pick<EntityMapping, 'withheld' | 'parts'>>): string[] {
  const own = withheld.map((property) => `${entity}.${property}`);
  return [...own, ...parts.flatMap((part) => part.withheld.map((property) => `${part.entity}.${property}`))];
}
