import type { HistoryEntry } from '@backstory/adapter';
import type { ShownAggregate } from './history-options.js';

type Shown = Pick<ShownAggregate, 'properties' | 'hide'>;

/** What of some entries may be seen. Changes of which nothing is left are left out. */
export function shownEntries(
  entries: readonly HistoryEntry[],
  { properties, hide = [] }: Shown,
): HistoryEntry[] {
  if (!properties && hide.length === 0) return [...entries];
  const isShown = (property: string): boolean =>
    (properties?.some((each) => isWithin(property, each)) ?? true) &&
    !hide.some((each) => isWithin(property, each));
  return entries.flatMap((entry): HistoryEntry[] => {
    const changes = entry.changes.filter(({ property }) => isShown(property));
    const parts = entry.parts
      .map((part) => ({
        ...part,
        changes: part.changes.filter(({ property }) => isShown(`${part.path}.${property}`)),
      }))
      .filter(
        ({ path, change, changes: left }) => left.length > 0 || (change !== 'changed' && isShown(path)),
      );
    const { data, ...rest } = entry;
    const shown = shownData(data, isShown);
    if (entry.kind === 'changed' && changes.length + parts.length === 0 && shown === undefined) return [];
    return [{ ...rest, changes, parts, ...(shown !== undefined && { data: shown }) }];
  });
}

/** What the application says itself has names, too. */
function shownData(data: unknown, isShown: (name: string) => boolean): unknown {
  if (typeof data !== 'object' || data === null || Array.isArray(data)) return undefined;
  const left = Object.entries(data).filter(([name]) => isShown(name));
  return left.length > 0 ? Object.fromEntries(left) : undefined;
}

/** A name stands for what is beneath it, too. */
function isWithin(property: string, name: string): boolean {
  return property === name || property.startsWith(`${name}.`);
}
