import { markOf, ownData, type UpcastableEvent, type ValuePath, valuesOf } from '../event/index.js';
import type { EntityMapping } from '../mapping/index.js';
import { traceValues } from '../upcasting/index.js';

/** Properties of a state whose latest value is an erased one: of the root, and of its parts by path and id. */
export interface ErasedValues {
  readonly root: ReadonlySet<string>;
  readonly parts: ReadonlyMap<string, ReadonlyMap<string, ReadonlySet<string>>>;
}

/** An event, and the marks of its values that were erased. */
export type MarkedEvent = UpcastableEvent & { readonly erased?: readonly string[] };

const none: ReadonlySet<string> = new Set();

/** Of the root, or of one part. */
export function erasedOf(
  erased: ErasedValues | undefined,
  { part }: EntityMapping,
  rowId: string,
): ReadonlySet<string> {
  if (!erased) return none;
  return (part ? erased.parts.get(part.path)?.get(rowId) : erased.root) ?? none;
}

/** The values that an event marks as erased, under the names of today. */
function erasedInEvent(mapping: EntityMapping, event: MarkedEvent): ValuePath[] {
  const marks = new Set(event.erased);
  if (marks.size === 0) return [];
  const paths = mapping.parts.map(({ part }) => part.path);
  const values = valuesOf(event.data, paths).filter(
    ([path, value]) => value === null && marks.has(markOf(path)),
  );
  return traceValues(
    mapping,
    event,
    values.map(([path]) => path),
  );
}

/**
 * Which values of the state that events come to are erased ones: what a later event says counts as any other. Undefined where none
 * is. `todays` is the data of each as the code of today knows them.
 */
export function foldErased(
  mapping: EntityMapping,
  events: readonly MarkedEvent[],
  todays: readonly MarkedEvent[],
): ErasedValues | undefined {
  if (!events.some(({ erased }) => erased)) return undefined;
  const paths = mapping.parts.map(({ part }) => part.path);
  let root = new Set<string>();
  const parts = new Map(paths.map((path) => [path, new Map<string, Set<string>>()]));
  events.forEach((event, index) => {
    const data = todays[index]?.data ?? event.data;
    const former = events[index - 1];
    if (former && event.streamPosition !== former.streamPosition + 1)
      for (const ids of parts.values()) ids.clear();
    if (event.change === 'none') return;
    if (event.change !== 'updated') root = new Set();
    for (const [path, ids] of parts) {
      const patches = Object.hasOwn(data, path) ? (data[path] as Record<string, unknown>) : {};
      for (const [id, patch] of Object.entries(patches)) if (patch === null) ids.delete(id);
    }
    const marked = new Set(erasedInEvent(mapping, event).map((path) => JSON.stringify(path)));
    for (const [path] of valuesOf(data, paths)) {
      const [name, id, property] = path;
      if (name === ownData) continue;
      const isErased = marked.has(JSON.stringify(path));
      if (id === undefined || property === undefined) {
        if (isErased) root.add(name);
        else root.delete(name);
        continue;
      }
      const ids = parts.get(name) as Map<string, Set<string>>;
      const own = ids.get(id) ?? new Set();
      if (isErased) ids.set(id, own.add(property));
      else own.delete(property);
    }
  });
  return isEmpty(root, parts) ? undefined : { root, parts };
}

/** Makes null what was erased of a state, which is changed: an upcaster that was given null may have made something else of it. */
export function clearErased(
  erased: ErasedValues,
  root: Record<string, unknown> | undefined,
  parts: ReadonlyMap<string, ReadonlyMap<string, Record<string, unknown>>>,
): void {
  const clear = (state: Record<string, unknown> | undefined, names: ReadonlySet<string>): void => {
    if (state) for (const name of names) state[name] = null;
  };
  clear(root, erased.root);
  for (const [path, ids] of erased.parts)
    for (const [id, names] of ids) clear(parts.get(path)?.get(id), names);
}

function isEmpty(
  root: ReadonlySet<string>,
  parts: ReadonlyMap<string, ReadonlyMap<string, ReadonlySet<string>>>,
): boolean {
  return (
    root.size === 0 && [...parts.values()].every((ids) => [...ids.values()].every(({ size }) => size === 0))
  );
}
