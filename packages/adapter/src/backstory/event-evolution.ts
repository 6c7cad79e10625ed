import type { EntityMapping, MappingRegistry } from '../mapping/index.js';
import type { EventEvolution } from '../outbox/index.js';
import { upcast } from '../upcasting/index.js';

/** What the aggregates of this application say of how their events have changed. Events of others stay as they are. */
export function eventEvolution(mappings: MappingRegistry): EventEvolution {
  const byCategory = new Map(mappings.all().map((mapping) => [mapping.category, mapping]));
  return {
    upcast: (event) => {
      const mapping = byCategory.get(event.category);
      return mapping ? upcast(mapping, event) : event;
    },
    withStoredNames: (filter) => ({
      ...filter,
      ...(filter.types && { types: [...filter.types, ...formerTypes(mappings.all(), filter.types)] }),
      ...(filter.categories && {
        categories: [...filter.categories, ...storedCategories(mappings.all(), filter.categories)],
      }),
    }),
  };
}

function formerTypes(mappings: readonly EntityMapping[], types: readonly string[]): string[] {
  return mappings.flatMap(({ renamedTypes }) =>
    Object.entries(renamedTypes).flatMap(([former, today]) => (types.includes(today) ? [former] : [])),
  );
}

function storedCategories(mappings: readonly EntityMapping[], categories: readonly string[]): string[] {
  return mappings.flatMap(({ knownAs, category }) =>
    categories.includes(knownAs) && category !== knownAs ? [category] : [],
  );
}
