import type { EventData, ValuePath } from '../event/index.js';

/** A copy of data with other values at some places, which are there. */
export function replaceValues(
  data: EventData,
  values: readonly (readonly [path: ValuePath, value: unknown])[],
): EventData {
  const tree = new Map<string, unknown>();
  const parts = new Map<string, Map<string, Map<string, unknown>>>();
  for (const [[first, id, property], value] of values) {
    if (id === undefined || property === undefined) {
      tree.set(first, value);
      continue;
    }
    const ids = parts.get(first) ?? new Map<string, Map<string, unknown>>();
    parts.set(first, ids.set(id, (ids.get(id) ?? new Map<string, unknown>()).set(property, value)));
  }
  for (const [path, ids] of parts) {
    const patches = data[path] as Record<string, EventData>;
    tree.set(
      path,
      patched(patches, new Map([...ids].map(([id, own]) => [id, patched(patches[id] as EventData, own)]))),
    );
  }
  return patched(data, tree);
}

/** Not by assignment, to which a key such as `__proto__` means something else. */
function patched(object: EventData, values: ReadonlyMap<string, unknown>): EventData {
  return Object.fromEntries(
    Object.entries(object).map(([name, value]) => [name, values.has(name) ? values.get(name) : value]),
  );
}
