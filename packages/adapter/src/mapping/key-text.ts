import type { ColumnMapping } from './entity-mapping.js';
import { floatText } from './float-text.js';

const bytea = 17;
const int8 = 20;
const date = 1082;
const timestamptz = 1184;

/**
 * A key's value, as pg's parser gave it, in the text that it has in stream ids.
 * Undefined where the parser has lost something, so that the text would be a guess: better no stream than another's.
 */
export function keyText(column: ColumnMapping, value: unknown): string | undefined {
  if (column.kind === 'datetime') return datetimeText(column, value);
  switch (typeof value) {
    case 'string':
      return column.kind === 'boolean' ? undefined : value;
    case 'boolean':
    case 'bigint':
      return String(value);
    case 'number':
      if (column.kind === 'float4' || column.kind === 'float8')
        return Number.isFinite(value) ? floatText(value, column.kind) : String(value);
      return column.kind === 'integer' || (column.typeOid === int8 && Number.isSafeInteger(value))
        ? String(value)
        : undefined;
    default:
      return column.typeOid === bytea && Buffer.isBuffer(value) ? `\\x${value.toString('hex')}` : undefined;
  }
}

/** A Date holds milliseconds and an instant: enough for a date, and for a timestamptz that keeps no more. */
function datetimeText({ typeOid, precision }: ColumnMapping, value: unknown): string | undefined {
  if (value === Infinity) return 'infinity';
  if (value === -Infinity) return '-infinity';
  if (typeof value === 'string') return typeOid === date && isoDate.test(value) ? value : undefined;
  if (!(value instanceof Date) || Number.isNaN(value.getTime())) return undefined;
  if (typeOid === date) return dateText(value.getFullYear(), value.getMonth(), value.getDate());
  if (typeOid !== timestamptz || precision > 3) return undefined;
  const [day, era] = dateText(value.getUTCFullYear(), value.getUTCMonth(), value.getUTCDate()).split(' ');
  const time = value.toISOString().slice(-13, -1).replace(/\.?0+$/, '');
  return `${day}T${time}+00:00${era ? ` ${era}` : ''}`;
}

const isoDate = /^(?:\d{4,}-\d\d-\d\d(?: BC)?|-?infinity)$/;

/** As PostgreSQL prints it: there is no year 0, the one before 1 is 1 BC. */
function dateText(year: number, month: number, day: number): string {
  const two = (part: number): string => String(part).padStart(2, '0');
  const text = `${String(year > 0 ? year : 1 - year).padStart(4, '0')}-${two(month + 1)}-${two(day)}`;
  return year > 0 ? text : `${text} BC`;
}
