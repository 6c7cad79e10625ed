import type { EntityMapping } from './entity-mapping.js';

/** What a mapping is called: `order`, and a part of it `order.lines`. */
export function mappingName({ category, part }: Pick<EntityMapping, 'category' | 'part'>): string {
  return part ? `${category}.${part.path}` : category;
}
