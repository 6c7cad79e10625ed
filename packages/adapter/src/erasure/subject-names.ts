import type { EntityMapping } from '../mapping/index.js';

/** A subject's name is stored: by the category that events are stored under, which a new name of it doesn't change. */
export function subjectName(mappings: readonly EntityMapping[], category: string, id: string): string {
  return `${mappings.find((mapping) => goesBy(mapping, category))?.category ?? category}:${id}`;
}

/** Whether its streams are subjects themselves: nobody else is said to be, or others name it. */
export function isOwnSubject(root: EntityMapping, mappings: readonly EntityMapping[]): boolean {
  return root.subject === undefined || isNamedSubject(root, mappings);
}

/** Whether an aggregate names this one as its subject. */
export function isNamedSubject(root: EntityMapping, mappings: readonly EntityMapping[]): boolean {
  return mappings.some((other) =>
    [other, ...other.parts].some(({ subject = {} }) =>
      Object.keys(subject).some((name) => goesBy(root, name)),
    ),
  );
}

function goesBy({ category, knownAs, entity }: EntityMapping, name: string): boolean {
  return [category, knownAs, entity].includes(name);
}
