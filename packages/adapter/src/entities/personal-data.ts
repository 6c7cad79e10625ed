import type { EntityMetadata } from 'typeorm';
import { InvalidOptionsError } from '../errors.js';
import type { AggregateOptions, ColumnMapping, EntityMapping } from '../mapping/index.js';
import { columnName } from './column-name.js';

type PersonalData = Pick<EntityMapping, 'subject' | 'personal' | 'retain' | 'links'>;

/**
 * What the options say of whose data an entity holds, and how long.
 * @throws InvalidOptionsError for a subject that has no name, or has nothing personal
 */
export function personalData(
  metadata: EntityMetadata,
  columns: readonly ColumnMapping[],
  { subject: given, personal, retain }: Omit<AggregateOptions, 'entity'>,
): PersonalData {
  const { name } = metadata;
  const subject = given === undefined ? undefined : subjectsOf(name, given);
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
