import type { AggregateState } from './fold.js';

/** Of an object or a Map that is empty, and of each thing that stands in one. */
const [ofObject, ofPlace] = [56, 16];

/**
 * About how many bytes a state takes in memory. Undefined where something in it is no JSON, such as what an upcaster has
 * returned: a copy of that would not be the same.
 */
export function stateSize({ root, parts, erased }: AggregateState): number | undefined {
  let size = valueSize(root ?? null) + (erased ? ofObject : 0);
  for (const rows of parts.values()) {
    size += ofObject;
    for (const [id, row] of rows) size += ofPlace + textSize(id) + valueSize(row);
  }
  return Number.isNaN(size) ? undefined : size;
}

/** NaN where something is no JSON: so is every sum with it. */
function valueSize(value: unknown): number {
  if (typeof value === 'string') return textSize(value);
  if (value === null || typeof value === 'number' || typeof value === 'boolean') return ofPlace;
  if (typeof value !== 'object') return NaN;
  let size = ofObject;
  if (Array.isArray(value)) {
    for (const each of value) size += ofPlace + valueSize(each);
    return size;
  }
  if (Object.getPrototypeOf(value) !== Object.prototype) return NaN;
  for (const name in value)
    size += ofPlace + name.length + valueSize((value as Record<string, unknown>)[name]);
  return size;
}

function textSize(text: string): number {
  return ofPlace + 2 * text.length;
}
