import { isDeepStrictEqual } from 'node:util';
import { copiedData, type EventData } from '../event/index.js';
import { hasFormOf } from './as-type.js';
import type { ColumnMapping, EntityMapping } from './entity-mapping.js';
import { settledState } from './settled-state.js';
import { floatText } from './float-text.js';

/** pg's parser of a type's text form, with whatever the application has set for it. */
export type TypeParsers = (typeOid: number) => (text: string) => unknown;

/**
 * Turns an event's JSON values into what the pg driver would have returned for the same columns:
 * each value goes back to PostgreSQL's text form and through the same parser as a row read from the table.
 */
export function driverValueOf(column: ColumnMapping, parsers: TypeParsers): (value: unknown) => unknown {
  const parse = parsers(column.typeOid);
  const toText = textForms[column.kind];
  // The event was read by JSON.parse: to print it and parse it again would take time, and turn 1e400 into null.
  if (column.kind === 'json' && isJsonParse(parse)) return (value) => value;
  if (column.formerTypes.length === 0)
    return (value) => (value === null || value === undefined ? value : parse(toText(value)));
  // What could not be made a value of today's type is given as it was recorded, whatever a parser would say to it.
  return (value) => {
    if (value === null || value === undefined || !hasFormOf(column.kind, value)) return value;
    try {
      return parse(toText(value));
    } catch {
      return value;
    }
  };
}

const textForms: Record<ColumnMapping['kind'], (value: unknown) => string> = {
  integer: String,
  float4: (value) => (typeof value === 'number' ? floatText(value, 'float4') : String(value)),
  float8: (value) => (typeof value === 'number' ? floatText(value, 'float8') : String(value)),
  boolean: (value) => (value === true ? 't' : 'f'),
  json: (value) => JSON.stringify(value),
  datetime: (value) => String(value).replace('T', ' ').replace('+00:00', '+00'),
  string: String,
  decimal: String,
  text: String,
};

/** pg's default is a bound JSON.parse, which can't be told from others by identity; a parser that keeps more differs here. */
function isJsonParse(parse: (text: string) => unknown): boolean {
  if (parse === JSON.parse) return true;
  if (parse.name !== 'bound parse') return false;
  const probe = '{"__proto__":{"a":12345678901234567890.10},"b":[1e400,"2026-01-01T00:00:00.000Z"]}';
  return isDeepStrictEqual(parse(probe), JSON.parse(probe));
}

/** Converts whole states. */
export class DriverValues {
  private readonly converters: readonly {
    column: string;
    property: string;
    convert: (value: unknown) => unknown;
  }[];

  constructor(
    private readonly mapping: EntityMapping,
    parsers: TypeParsers,
  ) {
    this.converters = mapping.columns.map((column) => ({
      column: column.column,
      property: column.property,
      convert: driverValueOf(column, parsers),
    }));
  }

  /** Driver values by column name; null for what the state lacks, because its events are older than the column. */
  of(replayed: EventData): Map<string, unknown> {
    const state = settledState(this.mapping, replayed);
    return new Map(
      this.converters.map(({ column, property, convert }) => [
        column,
        Object.hasOwn(state, property) ? convert(state[property]) : null,
      ]),
    );
  }

  /**
   * The same without what the state lacks: for a row that has it. Where the state is shared, `copy` keeps the objects in it
   * from whoever gets the values.
   */
  recordedIn(replayed: EventData, copy = false): Map<string, unknown> {
    const state = settledState(this.mapping, replayed);
    const values = new Map<string, unknown>();
    for (const { column, property, convert } of this.converters) {
      if (!Object.hasOwn(state, property)) continue;
      const recorded = state[property];
      const value = convert(recorded);
      // what a parser has made is new, also of an object
      values.set(column, copy && value === recorded ? copiedData(value) : value);
    }
    return values;
  }
}
