import { decimalText } from './decimal-text.js';
import { declaredType } from './declared-type.js';
import type { ColumnMapping } from './entity-mapping.js';
import { floatText } from './float-text.js';
import { realText } from './real-text.js';
import { instantText } from './instant-text.js';
import { jsonbText } from './jsonb-text.js';
import { characters } from './characters.js';
import type { ValueKind } from './value-kind.js';

/**
 * A recorded value in the form that events give to the column's type of today, as `asTypeSql` has PostgreSQL make it. What is in that
 * form already stays as it is. What can't be told here for certain stays, too: a comparison with the row finds it.
 */
export function asType(column: ColumnMapping, value: unknown): unknown {
  if (value === null || value === undefined) return value;
  return conversions[column.kind](value, column) ?? value;
}

/** Whether a value has the form that events give to its kind, so that its text can be given to a parser of the type. */
export function hasFormOf(kind: ValueKind, value: unknown): boolean {
  if (kind === 'json') return true;
  if (kind === 'integer') return Number.isInteger(value);
  if (kind === 'boolean') return typeof value === 'boolean';
  if (kind === 'float4' || kind === 'float8')
    return typeof value === 'number' || floats.includes(value as string);
  return typeof value === 'string' && (kind !== 'datetime' || /^(-?infinity$|\d{4,}-\d\d-\d\d)/.test(value));
}

const floats: readonly string[] = ['NaN', 'Infinity', '-Infinity', '-0'];
const uuid = 2950;
const jsonAsText = 114;

/** By today's kind; undefined where they don't know. */
const conversions: Record<ValueKind, (value: unknown, column: ColumnMapping) => unknown> = {
  integer: (value, column) => {
    if (typeof value === 'boolean') return Number(value);
    const text = wholeText(value, column);
    return text === undefined ? undefined : Number(text);
  },
  decimal: (value, column) => {
    const { name, modifiers } = declaredType(column.declaredType);
    if (name === 'int8') return wholeText(value, column);
    // A double has 15 digits for certain, and a real 6: more of them PostgreSQL doesn't take over.
    const digits = typeof value === 'number' ? hadFloat(column) : undefined;
    const text = digits === undefined ? textOf(value) : (value as number).toPrecision(digits);
    if (text === undefined) return undefined;
    if (digits === undefined || modifiers.length > 0)
      return decimalText(text, modifiers.length > 0 ? (modifiers[1] ?? 0) : undefined);
    return decimalText(String(Number(text)));
  },
  float4: (value) => floatOf(value, realText),
  float8: (value) => floatOf(value, String),
  boolean: (value) => {
    if (typeof value === 'number') return value !== 0;
    return typeof value === 'string' ? booleanOf(value.trim().toLowerCase()) : undefined;
  },
  json: (value) => (typeof value === 'string' && /^\s*[[{]/.test(value) ? parsedOrNothing(value) : undefined),
  string: (value, column) => {
    const text = typeof value === 'string' ? value : printed(value, column);
    if (column.typeOid === uuid) return uuidText(text);
    return characters(declaredType(column.declaredType), text);
  },
  text: (value, { typeOid }) =>
    typeof value === 'object' && typeOid === jsonAsText ? jsonbText(value) : undefined,
  datetime: (value, column) => {
    const { name, modifiers } = declaredType(column.declaredType);
    return typeof value === 'string' ? instantText(name, value, modifiers[0]) : undefined;
  },
};

function textOf(value: unknown): string | undefined {
  return typeof value === 'string' || typeof value === 'number' ? String(value) : undefined;
}

/** Digits of the floating-point type that the column has had last, if any. */
function hadFloat({ formerTypes }: ColumnMapping): number | undefined {
  const last = formerTypes
    .map((type) => declaredType(type).name)
    .findLast((name) => /^float[48]$/.test(name));
  if (last === undefined) return undefined;
  return last === 'float4' ? 6 : 15;
}

/** A whole number: of a double rounded half to even, of a decimal half away from zero, and of a text only if it is one. */
function wholeText(value: unknown, column: ColumnMapping): string | undefined {
  if (typeof value === 'number' && !Number.isInteger(value) && hadFloat(column) !== undefined) {
    const floor = Math.floor(value);
    if (value - floor === 0.5) return String(floor % 2 === 0 ? floor : floor + 1);
    return String(Math.round(value));
  }
  const text = textOf(value);
  if (text === undefined) return undefined;
  const hadDecimals = column.formerTypes.some((type) =>
    ['numeric', 'jsonb'].includes(declaredType(type).name),
  );
  if (!hadDecimals && typeof value === 'string' && !/^\s*[+-]?\d+\s*$/.test(text)) return undefined;
  const whole = decimalText(text, 0);
  return whole !== undefined && /\d/.test(whole) ? whole : undefined;
}

function floatOf(value: unknown, text: (number: number) => string): unknown {
  const known =
    typeof value === 'number' ? String(value) : typeof value === 'string' ? decimalText(value) : undefined;
  if (known === undefined || !/\d/.test(known)) return known;
  const number = Number(value);
  if (Object.is(number, -0)) return '-0';
  const rounded = Number(text(number));
  return Number.isFinite(rounded) ? rounded : undefined;
}

/** PostgreSQL takes the beginning of a word, where only one begins so. */
function booleanOf(text: string): boolean | undefined {
  if (text === '') return undefined;
  const begins = (...words: string[]): boolean => words.some((word) => word.startsWith(text));
  if (text === '1' || text === 'on' || begins('true', 'yes')) return true;
  return text === '0' || begins('false', 'no') || (text !== 'o' && begins('off')) ? false : undefined;
}

function parsedOrNothing(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** What a number, a boolean or a document is as text. */
function printed(value: unknown, column: ColumnMapping): string {
  const digits = hadFloat(column);
  if (typeof value === 'number' && digits !== undefined)
    return floatText(value, digits === 6 ? 'float4' : 'float8');
  return jsonbText(value);
}

function uuidText(text: string): string | undefined {
  const digits = /^(?:\{([^{}]*)\}|([^{}]*))$/.exec(text.toLowerCase());
  const bare = (digits?.[1] ?? digits?.[2] ?? '').replace(/(?<=^(?:[0-9a-f]{4}-?)+)-/g, '');
  if (!/^[0-9a-f]{32}$/.test(bare)) return undefined;
  return bare.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
}
