import type { EntityMetadata } from 'typeorm';
import { InvalidOptionsError } from '../errors.js';
import type { AggregateOptions, ColumnMapping, EntityMapping, PartMapping } from '../mapping/index.js';
import { columnName } from './column-name.js';

type PersonalData = Pick<EntityMapping, 'subject' | 'personal' | 'retain' | 'links'>;

/**
 * What the options say of whose data an entity holds, and how long.
 * @throws InvalidOptionsError for a subject that isn't there, has no name, or has nothing personal
 */
export function personalData(
  metadata: EntityMetadata,
  columns: readonly ColumnMapping[],
  { subject: given, personal, retain }: Omit<AggregateOptions, 'entity'>,
): PersonalData {
  const { name } = metadata;
  const subject = given === undefined ? undefined : subjectsOf(name, given);
  requireKnown(
    name,
    columns.map(({ property }) => property),
    [['subject', Object.values(subject ?? {})]],
  );
  if (subject && !personal) {
    throw new InvalidOptionsError(
      `"${name}" names a subject, and nothing says which of its properties are of that person.`,
      "Give them: personal: ['name'], or personal: 'all' for all but keys and foreign keys.",
    );
  }
  const linking = metadata.columns.filter(({ referencedColumn }) => referencedColumn).map(columnName);
  const links = columns.filter(({ column }) => linking.includes(column)).map(({ property }) => property);
  return {
    ...(subject && { subject }),
    ...(personal && { personal }),
    ...(retain && { retain }),
    ...(links.length > 0 && { links }),
  };
}

/**
 * That what is said of properties is said of those that are there: of an aggregate's own, and of its parts behind the path of their
 * relation, `lines.engraving`.
 * @throws InvalidOptionsError for one that isn't
 */
export function requirePersonalProperties(root: EntityMapping): void {
  for (const mapping of [root, ...root.parts]) {
    const own = [...mapping.columns, ...mapping.missing].map(({ property }) => property);
    const ofParts = mapping === root ? root.parts.flatMap(pathsOf) : [];
    requireKnown(
      mapping.entity,
      [...own, ...ofParts],
      [
        ['personal', mapping.personal],
        ['retain', mapping.retain?.properties],
      ],
    );
  }
}

function pathsOf({ columns, missing, part: { path } }: PartMapping): string[] {
  return [...columns, ...missing].map(({ property }) => `${path}.${property}`);
}

function requireKnown(
  entity: string,
  known: readonly string[],
  options: readonly (readonly [option: string, named: readonly string[] | 'all' | undefined])[],
): void {
  for (const [option, named = []] of options) {
    const unknown = named === 'all' ? undefined : named.find((property) => !known.includes(property));
    if (unknown === undefined) continue;
    throw new InvalidOptionsError(
      `"${entity}" has no property "${unknown}" in its events, which "${option}" names.`,
      `Use property paths: ${known.join(', ')}.`,
    );
  }
}

function subjectsOf(
  name: string,
  given: NonNullable<AggregateOptions['subject']>,
): Readonly<Record<string, string>> {
  if (typeof given !== 'string') return given;
  const [category = '', ...rest] = given.split('.');
  if (rest.length > 0) return { [category]: given };
  throw new InvalidOptionsError(
    `subject: "${given}" of "${name}" doesn't say whose id it is.`,
    `Name the category: subject: { customer: '${given}' }.`,
  );
}
