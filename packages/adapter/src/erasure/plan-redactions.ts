import { ownData, propertyOf, type ValuePath, valuesOf } from '../event/index.js';
import type { EntityMapping } from '../mapping/index.js';
import { traceValues } from '../upcasting/index.js';
import { type Choice, isTie } from './properties.js';
import type { StoredEvent } from './stored-events.js';

/** What is to be erased of one event; erase_events() takes a list of these. */
export interface Redaction {
  readonly position: number;
  readonly archived: boolean;
  readonly tree: RedactionTree;
  readonly actor: boolean;
}

type RedactionTree = Record<string, null | Record<string, Record<string, null>>>;

/** The redactions of a stream, and the properties that they are about, as events name them. */
export interface RedactionPlan {
  readonly redactions: readonly Redaction[];
  readonly properties: readonly string[];
}

/**
 * What is to be erased of some events, so that nothing chosen is left of a state of today: also values that it has under a former
 * name, or that an upcaster makes it of. What a tie depends on stays. `alsoOld` says more of single events.
 */
export function planRedactions(
  root: EntityMapping,
  events: readonly StoredEvent[],
  chosen: Choice,
  {
    actor = false,
    mayErase = () => true,
  }: { actor?: boolean; mayErase?: (event: StoredEvent, path: ValuePath) => boolean } = {},
): RedactionPlan {
  const properties = new Set<string>();
  const redactions = events.flatMap((event): Redaction[] => {
    const paths = storedValues(root, event).filter(
      (path) => isChosen(root, event, path, chosen) && mayErase(event, path),
    );
    for (const path of paths) properties.add(propertyOf(path));
    const { actor: by, origin } = event.metadata;
    const hasActor = actor && by !== undefined && by !== 'erased' && origin !== 'erasure';
    if (paths.length === 0 && !hasActor) return [];
    const { streamPosition: position, archived } = event;
    return [{ position, archived, tree: treeOf(paths), actor: hasActor }];
  });
  return { redactions, properties: [...properties].sort() };
}

/** The values of an event that aren't null. What was said of parts that are owned no more has the shape of parts. */
export function storedValues(root: EntityMapping, event: StoredEvent): ValuePath[] {
  const { data } = event;
  if (event.change === 'none')
    return valuesOf(data, []).flatMap(([path, value]) => (value === null ? [] : [path]));
  const columns = new Set(root.columns.map(({ property }) => property));
  const paths = root.parts.map(({ part }) => part.path);
  const isColumn = (name: string): boolean =>
    columns.has(name) || traceValues(root, event, [[name]]).some(([today]) => columns.has(today));
  const former = Object.keys(data).filter(
    (name) => name !== ownData && !paths.includes(name) && isOfParts(data[name]) && !isColumn(name),
  );
  return valuesOf(data, [...paths, ...former]).flatMap(([path, value]) => (value === null ? [] : [path]));
}

function isOfParts(value: unknown): boolean {
  if (!isObject(value)) return false;
  return Object.values(value).every((each) => each === null || isObject(each));
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isChosen(root: EntityMapping, event: StoredEvent, path: ValuePath, chosen: Choice): boolean {
  const { change } = event;
  const traced = traceValues(root, event, [path]);
  const today = traced.length > 0 ? traced : [path];
  if (!today.some((each) => chosen(each, change))) return false;
  return change === 'none' || ![path, ...today].some((each) => isTie(root, each));
}

export function treeOf(paths: readonly ValuePath[]): RedactionTree {
  const tree: RedactionTree = {};
  for (const [first, id, property] of paths) {
    if (id === undefined || property === undefined) {
      tree[first] = null;
      continue;
    }
    const ids = (tree[first] ??= {});
    (ids[id] ??= {})[property] = null;
  }
  return tree;
}
