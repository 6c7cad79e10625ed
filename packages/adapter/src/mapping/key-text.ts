import type { ColumnMapping } from './entity-mapping.js';
import { floatText } from './float-text.js';

const bytea = 17;
/** Those whose parsers may give a number without being of the kind `integer`. */
const int8 = 20;
const oid = 26;

/** Whether a key can be read back from what pg's parser makes of it: a Date has no microseconds, and no infinite year. */
export function isReadableKey({ kind }: ColumnMapping): boolean {
  return kind !== 'datetime';
}

/**
 * A key's value, as pg's parser gave it, in the text that it has in stream ids.
 * Undefined where the parser has lost something, so that the text would be a guess: better no stream than another's.
 */
export function keyText(column: ColumnMapping, value: unknown): string | undefined {
  if (!isReadableKey(column)) return undefined;
  switch (typeof value) {
    case 'string':
      return value;
    case 'boolean':
    case 'bigint':
      return String(value);
    case 'number':
      if (column.kind === 'float4' || column.kind === 'float8')
        return Number.isFinite(value) ? floatText(value, column.kind) : String(value);
      return column.kind === 'integer' ||
        ([int8, oid].includes(column.typeOid) && Number.isSafeInteger(value))
        ? String(value)
        : undefined;
    default:
      return column.typeOid === bytea && Buffer.isBuffer(value) ? `\\x${value.toString('hex')}` : undefined;
  }
}
