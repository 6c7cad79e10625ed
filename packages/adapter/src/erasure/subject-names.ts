import type { EntityMapping } from '../mapping/index.js';

/** What an aggregate goes by. */
export type NamedAggregate = Pick<EntityMapping, 'category' | 'knownAs' | 'entity'>;

/** A subject's name is stored: by the category that events are stored under, which a new name of it doesn't change. */
export function subjectName(mappings: readonly NamedAggregate[], category: string, id: string): string {
  return `${mappings.find((mapping) => goesBy(mapping, category))?.category ?? category}:${id}`;
}

/** Whether two names are of one subject: an aggregate goes by its category, by what that is called today, and by its entity. */
export function isSameSubject(mappings: readonly NamedAggregate[], one: string, other: string): boolean {
  return subjectName(mappings, one, '') === subjectName(mappings, other, '');
}

/** The properties of an aggregate, or of a part, that name a subject, whichever of its names the options use. */
export function namingProperties(
  { subject = {} }: Pick<EntityMapping, 'subject'>,
  mappings: readonly NamedAggregate[],
  category: string,
): string[] {
  return Object.entries(subject).flatMap(([name, property]) =>
    isSameSubject(mappings, name, category) ? [property] : [],
  );
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

/** Whether an aggregate is called that, in one way or another. */
export function goesBy({ category, knownAs, entity }: NamedAggregate, name: string): boolean {
  return [category, knownAs, entity].includes(name);
}
