import { InvalidOptionsError } from '../errors.js';
import { type Change, ownData, propertyOf, type ValuePath } from '../event/index.js';
import type { EntityMapping } from '../mapping/index.js';

/** Says of a value in a state of today, or in an event that the application has appended, whether it is to be erased. */
export type Choice = (path: ValuePath, change: Change) => boolean;

/** Names a row and ties it to what owns it: without these a stream couldn't be replayed. Never erased. */
export function isTie(root: EntityMapping, path: ValuePath): boolean {
  const mapping = mappingOf(root, path);
  const name = path[2] ?? path[0];
  if (!mapping) return false;
  const referenced = root.parts
    .filter(({ part }) => part.parent === mapping)
    .flatMap(({ part }) => part.referenced);
  const tied = [...referenced, ...(mapping.part?.columns ?? [])];
  return (
    mapping.key.some(({ property }) => property === name) ||
    mapping.columns.some(({ property, column }) => property === name && tied.includes(column))
  );
}

/** All that isn't needed to tell rows apart, to tie them together, or to know that they are gone. */
export function everythingOf(root: EntityMapping): Choice {
  return (path, change) =>
    change === 'none' || mappingOf(root, path)?.deletedAt?.property !== (path[2] ?? path[0]);
}

/** The properties with these names, those of parts behind the path of their relation. */
export function named(properties: readonly string[]): Choice {
  const names = new Set(properties);
  return (path) => names.has(propertyOf(path));
}

/**
 * What the aggregate says is of a person, of a stream that is the subject's own; all but foreign keys where it says `all`, or nothing.
 * And all that the application has appended, and all of parts that are owned no more: no option says of it what is not.
 */
export function personalOf(root: EntityMapping): Choice {
  return (path, change) => {
    if (change === 'none' || path[0] === ownData) return true;
    const mapping = mappingOf(root, path);
    return mapping ? isErasedWithSubject(mapping, root, path) : isFormerPersonal(root, path, true);
  };
}

/** What is personal, but for what names a subject where `all` is: without it nobody would find the stream again. */
export function isErasedWithSubject(mapping: EntityMapping, root: EntityMapping, path: ValuePath): boolean {
  if (!isPersonal(mapping, root, path)) return false;
  return (saidPersonal(mapping, root) ?? 'all') !== 'all' || !namesSubject(mapping, path);
}

/** Of a part that is owned no more, or of a column with objects that is gone: what `personal` names, where it names some of it. */
export function isFormerPersonal(root: EntityMapping, path: ValuePath, otherwise: boolean): boolean {
  const { personal = 'all' } = root;
  if (personal === 'all') return otherwise;
  const [first] = path;
  const said = personal.filter((name) => name === first || name.startsWith(`${first}.`));
  return said.length === 0 ? otherwise : said.includes(first) || said.includes(propertyOf(path));
}

/** Whether it is the property whose value says whose the row is. */
export function namesSubject({ subject = {} }: EntityMapping, path: ValuePath): boolean {
  return Object.values(subject).includes(path[2] ?? path[0]);
}

/** What is said to be of a person, of an entity; of a part by itself, and by its root behind the path of the relation. Undefined where nobody says it. */
export function saidPersonal(
  mapping: EntityMapping,
  root: EntityMapping,
): readonly string[] | 'all' | undefined {
  const { personal, part } = mapping;
  if (!part || personal === 'all' || root.personal === 'all') return personal;
  const path = `${part.path}.`;
  const byRoot = (root.personal ?? []).filter((name) => name.startsWith(path));
  return byRoot.length === 0
    ? personal
    : [...(personal ?? []), ...byRoot.map((name) => name.slice(path.length))];
}

export function isPersonal(mapping: EntityMapping, root: EntityMapping, path: ValuePath): boolean {
  const { links = [] } = mapping;
  const personal = saidPersonal(mapping, root) ?? 'all';
  const name = path[2] ?? path[0];
  return personal === 'all'
    ? !links.includes(name) && everythingOf(root)(path, 'updated')
    : personal.includes(name);
}

/** Whose property a value is; undefined for a part that is owned no more. */
export function mappingOf(root: EntityMapping, path: ValuePath): EntityMapping | undefined {
  return path.length === 1 ? root : root.parts.find(({ part }) => part.path === path[0]);
}

/**
 * @throws InvalidOptionsError for a property that neither the entity nor any event of the stream has, and for one that can't be
 * erased
 */
export function requireProperties(
  root: EntityMapping,
  streamId: string,
  properties: readonly string[],
  inEvents: ReadonlySet<string>,
): void {
  const known = new Set(
    [root, ...root.parts].flatMap((mapping) =>
      mapping.columns.map(({ property }) => (mapping.part ? `${mapping.part.path}.${property}` : property)),
    ),
  );
  const stream = `${root.knownAs}-${streamId}`;
  const unknown = properties.find((property) => !known.has(property) && !inEvents.has(property));
  if (unknown !== undefined || properties.length === 0) {
    throw new InvalidOptionsError(
      unknown === undefined
        ? `No property of "${stream}" is named.`
        : `"${stream}" has no property "${unknown}", in its entity or in its events.`,
      `Use property paths: ${[...new Set([...known, ...inEvents])].sort().join(', ')}.`,
    );
  }
  const tie = properties.find((property) => pathsOf(root, property).some((path) => isTie(root, path)));
  if (tie === undefined) return;
  throw new InvalidOptionsError(
    `"${tie}" of "${stream}" tells its rows apart, or ties them to what owns them: it can't be erased.`,
    'Leave it out. Where a key is personal itself, give the entity another key.',
  );
}

function pathsOf(root: EntityMapping, property: string): ValuePath[] {
  const ofParts = root.parts
    .filter(({ part }) => property.startsWith(`${part.path}.`))
    .map(({ part }): ValuePath => [part.path, '', property.slice(part.path.length + 1)]);
  return [[property], ...ofParts];
}
