import type { ObjectLiteral } from 'typeorm';

/** A query without ORDER BY gives children in any order. */
export function sortChildren(entity: ObjectLiteral | null): void {
  for (const value of Object.values(entity ?? {})) {
    if (!Array.isArray(value)) continue;
    value.forEach(sortChildren);
    value.sort((a, b) => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1));
  }
}
