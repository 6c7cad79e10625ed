import type { CapturedColumn, CapturedOwnership, CapturedPersons, CapturedTable } from './captured-table.js';
import { seenColumn } from './seen-column.js';
import type { ColumnMapping, EntityMapping } from './entity-mapping.js';
import type { ResolvedCondition } from './resolved-rule.js';

type NamedColumn = Pick<ColumnMapping, 'number' | 'column' | 'property' | 'declaredType'>;

/**
 * What is captured of a table once a release that nobody has seen before has said what it knows of it. It only grows:
 * columns of other releases stay as long as the table has them, unless this one excludes them by name. Rules and names of
 * events are those of the newest release. A column keeps the name that it has in events; a new one gets its property's, or
 * one with its number behind it where another column has had that. With `narrow`, what this release doesn't know ends.
 */
export function mergeRelease(
  known: CapturedTable | null | undefined,
  release: EntityMapping,
  parent?: CapturedTable,
  narrow = false,
): CapturedTable {
  const columns = mergedColumns(known?.columns ?? [], release, narrow);
  const named = (property: string): string => recordedAs(columns, release, property) ?? property;
  const byName = <Value>(values: Readonly<Record<string, Value>>): Record<string, Value> =>
    Object.fromEntries(Object.entries(values).map(([property, value]) => [named(property), value]));
  const part = release.part && ownership(release, columns, parent);
  return {
    knownAs: release.knownAs,
    columns,
    key: release.key.map(({ property }) => named(property)),
    ...(release.deletedAt && { deletedAt: named(release.deletedAt.property) }),
    excluded: release.excluded,
    renamed: formerNames(known, release, named),
    defaults: { ...known?.defaults, ...byName(release.defaults) },
    eventTypes: release.eventTypes,
    rules: release.rules.map((rule) => ({ ...rule, when: withNames(rule.when, named) })),
    bookkeeping: release.bookkeeping.map(named),
    renamedTypes: release.renamedTypes,
    schemaVersion: release.schemaVersion,
    snapshotEvery: release.snapshotEvery,
    foldsInSql: release.foldsInSql,
    readByItself: release.readByItself,
    ...(part && { part }),
    persons: personsOf(release, named),
  };
}

/** Names of parts' properties, which the root may say, stay as they are. */
function personsOf(
  { subject, personal, retain, links }: EntityMapping,
  named: (property: string) => string,
): CapturedPersons {
  return {
    ...(subject && {
      subject: Object.fromEntries(
        Object.entries(subject).map(([category, property]) => [category, named(property)]),
      ),
    }),
    ...(personal && { personal: personal === 'all' ? personal : personal.map(named) }),
    ...(retain && {
      retain: { ...retain, properties: retain.properties === 'all' ? 'all' : retain.properties.map(named) },
    }),
    ...(links && { links: links.map(named) }),
  };
}

/**
 * The same for a release that has been here before and whose columns a migration has dropped and made again, as TypeORM's do for
 * another length: what names the former column names the new one. Nothing else is this release's to say.
 */
export function withRemadeColumns(
  known: CapturedTable,
  release: { readonly columns: readonly NamedColumn[] },
): CapturedTable {
  const added = newColumns(known.columns, release);
  const remade = new Map<string, string>();
  for (const { property, column, number } of release.columns) {
    const former = known.columns.find((each) => each.property === property && each.column === column);
    const now = added.find((each) => each.number === number);
    if (former && now) remade.set(property, now.property);
  }
  const named = (property: string): string => remade.get(property) ?? property;
  const { key, deletedAt, defaults, rules, bookkeeping, part } = known;
  return {
    ...known,
    columns: [...known.columns, ...added],
    key: key.map(named),
    ...(deletedAt !== undefined && { deletedAt: named(deletedAt) }),
    defaults: Object.fromEntries(
      Object.entries(defaults).map(([property, value]) => [named(property), value]),
    ),
    rules: rules.map((rule) => ({ ...rule, when: withNames(rule.when, named) })),
    bookkeeping: bookkeeping.map(named),
    ...(part && { part: { ...part, columns: part.columns.map(named) } }),
  };
}

function mergedColumns(
  known: readonly CapturedColumn[],
  release: EntityMapping,
  narrow: boolean,
): CapturedColumn[] {
  const merged = known.map((column): CapturedColumn => {
    const own = release.columns.find(({ number }) => number === column.number);
    const { excluded: _, ...included } = column;
    if (own) return seenColumn(included, own.column, own.declaredType);
    return narrow || release.excluded.includes(column.property) ? { ...column, excluded: true } : column;
  });
  return [...merged, ...newColumns(known, release)];
}

function newColumns(
  known: readonly CapturedColumn[],
  release: { readonly columns: readonly NamedColumn[] },
): CapturedColumn[] {
  const taken = new Set(known.map(({ property }) => property));
  return release.columns
    .filter(({ number }) => !known.some((column) => column.number === number))
    .map(({ number, column, property, declaredType }) => ({
      number,
      column,
      property: taken.has(property) ? `${property}@${number}` : property,
      type: declaredType,
      formerTypes: [],
    }));
}

function recordedAs(
  columns: readonly CapturedColumn[],
  release: EntityMapping,
  property: string,
): string | undefined {
  const own = release.columns.find((column) => column.property === property);
  return own && columns.find(({ number }) => number === own.number)?.property;
}

/** Names that old events use, and the name in events of today. A property that events know under another is one, too. */
function formerNames(
  known: CapturedTable | null | undefined,
  release: EntityMapping,
  named: (property: string) => string,
): Record<string, string> {
  const declared = Object.entries(release.renamed)
    .map(([former, property]) => [former, named(property)] as const)
    .filter(([former, property]) => former !== property);
  return { ...known?.renamed, ...Object.fromEntries(declared) };
}

function ownership(
  { part }: EntityMapping,
  columns: readonly CapturedColumn[],
  parent: CapturedTable | undefined,
): CapturedOwnership | undefined {
  if (!part) return undefined;
  const nameOf = (among: readonly CapturedColumn[], name: string): string =>
    among.find(({ column }) => column === name)?.property ?? name;
  return {
    path: part.path,
    parentPath: part.parent.part?.path ?? '',
    columns: part.columns.map((column) => nameOf(columns, column)),
    referenced: part.referenced.map((column) => nameOf(parent?.columns ?? [], column)),
  };
}

function withNames(condition: ResolvedCondition, named: (property: string) => string): ResolvedCondition {
  const { became, was, changed, changedOnly, anyOf, allOf } = condition;
  type Values = NonNullable<ResolvedCondition['became']>;
  const values = (given: Values): Values => given.map(([property, value]) => [named(property), value]);
  return {
    ...(became && { became: values(became) }),
    ...(was && { was: values(was) }),
    ...(changed && { changed: changed.map(named) }),
    ...(changedOnly && { changedOnly: changedOnly.map(named) }),
    ...(anyOf && { anyOf: anyOf.map((each) => withNames(each, named)) }),
    ...(allOf && { allOf: allOf.map((each) => withNames(each, named)) }),
  };
}
