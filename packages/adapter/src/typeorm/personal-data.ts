import type { EntityMetadata } from 'typeorm';
import { InvalidOptionsError } from '../errors.js';
import type { AggregateOptions, ColumnMapping, EntityMapping } from '../mapping/index.js';
import { columnName } from './column-name.js';

type PersonalData = Pick<EntityMapping, 'subject' | 'personal' | 'retain' | 'links'>;

/**
 * What the options say of whose data an entity holds, and how long.
 * @throws InvalidOptionsError for a property that isn't there, a subject without a name, or one without anything personal
 */
export function personalData(
  metadata: EntityMetadata,
  columns: readonly ColumnMapping[],
  { subject: given, personal, retain, owns = [] }: Omit<AggregateOptions, 'entity'>,
): PersonalData {
  const { name } = metadata;
  const subject = given === undefined ? undefined : subjectsOf(name, given);
  const known = columns.map(({ property }) => property);
  const named = [
    ...Object.values(subject ?? {}).map((property) => ['subject', property] as const),
    ...(Array.isArray(personal) ? personal.map((property: string) => ['personal', property] as const) : []),
    ...(Array.isArray(retain?.properties)
      ? retain.properties.map((property: string) => ['retain', property] as const)
      : []),
  ];
  const isOfPart = (property: string): boolean => owns.some((path) => property.startsWith(`${path}.`));
  const unknown = named.find(
    ([option, property]) => !known.includes(property) && !(option === 'retain' && isOfPart(property)),
  );
  if (unknown) {
    throw new InvalidOptionsError(
      `"${name}" has no property "${unknown[1]}" in its events, which "${unknown[0]}" names.`,
      `Use property paths: ${known.join(', ')}.`,
    );
  }
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
