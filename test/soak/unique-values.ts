import type { Random } from '../library/random.js';
import type { ColumnShape } from './release.js';

/**
 * Values that are written once in a run, so that one which is found in the history can only be that one. Numbers lie above
 * all ids.
 */
export class UniqueValues {
  private count = 1_000_000;

  /** As the application gives it to a repository; of a boolean, which has but two, one of the two. */
  of(column: ColumnShape, random: Random): unknown {
    if (column.nullable && random.chance(0.05)) return null;
    const n = ++this.count;
    switch (column.type) {
      case 'int':
        return n;
      case 'bigint':
        return String(9_000_000_000 + n);
      case 'numeric':
        return `${n}.25`;
      case 'boolean':
        return random.chance(0.5);
      case 'timestamptz':
        return new Date(n * 100_000);
      case 'jsonb':
        return { n: `j${n}`, list: [null, true] };
      case 'uuid':
        return `00000000-0000-4000-8000-${n.toString(16).padStart(12, '0')}`;
      default:
        return column.digits ? String(n) : `${random.pick(['w', "o'", 'é ', '{', '\\'])}${n}`;
    }
  }
}

/** One text for what is the same value, whether a driver, an event or the application says it. */
export function canonical(value: unknown): string {
  if (value === null || value === undefined) return 'null';
  if (value instanceof Date) return value.toISOString();
  if (typeof value === 'object') {
    return Array.isArray(value)
      ? `[${value.map(canonical).join()}]`
      : `{${Object.entries(value)
          .sort(([a], [b]) => (a < b ? -1 : 1))
          .map(([key, inner]) => `${key}:${canonical(inner)}`)
          .join()}}`;
  }
  const text = typeof value === 'string' ? value : JSON.stringify(value);
  if (/^-?\d+(\.\d+)?$/.test(text)) return String(Number(text));
  if (/^\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d/.test(text)) return new Date(text).toISOString();
  return text;
}

/** The values in what a driver, an event or the application gives, without what names them. */
export function leaves(value: unknown): string[] {
  if (value === null || value === undefined) return [];
  if (typeof value !== 'object' || value instanceof Date) return [canonical(value)];
  return Object.values(value as Record<string, unknown>).flatMap(leaves);
}
