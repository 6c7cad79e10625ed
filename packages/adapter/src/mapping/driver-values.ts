import type { EventData } from '../event/index.js';
import type { ColumnMapping, EntityMapping } from './entity-mapping.js';

/** pg's parser of a type's text form, with whatever the application has set for it. */
export type TypeParsers = (typeOid: number) => (text: string) => unknown;

/**
 * Turns an event's JSON values into what the pg driver would have returned for the same columns:
 * each value goes back to PostgreSQL's text form and through the same parser as a row read from the table.
 */
export function driverValueOf(column: ColumnMapping, parsers: TypeParsers): (value: unknown) => unknown {
  const parse = parsers(column.typeOid);
  const toText = textForms[column.kind];
  // A jsonb value is a fresh object already, unless the application has a parser of its own.
  if (column.kind === 'json' && parse === JSON.parse) return (value) => value;
  return (value) => (value === null || value === undefined ? value : parse(toText(value)));
}

const textForms: Record<ColumnMapping['kind'], (value: unknown) => string> = {
  number: String,
  boolean: (value) => (value === true ? 't' : 'f'),
  json: (value) => JSON.stringify(value),
  datetime: (value) => String(value).replace('T', ' '),
  string: String,
  text: String,
};

/** Converts whole states. Columns whose property a state doesn't have are left out. */
export class DriverValues {
  private readonly converters: readonly {
    column: string;
    property: string;
    convert: (value: unknown) => unknown;
  }[];

  constructor(mapping: EntityMapping, parsers: TypeParsers) {
    this.converters = mapping.columns.map((column) => ({
      column: column.column,
      property: column.property,
      convert: driverValueOf(column, parsers),
    }));
  }

  /** Driver values by column name. */
  of(state: EventData): Map<string, unknown> {
    const values = new Map<string, unknown>();
    for (const { column, property, convert } of this.converters) {
      if (Object.hasOwn(state, property)) values.set(column, convert(state[property]));
    }
    return values;
  }
}
