import { InvalidOptionsError } from '../errors.js';
import type { EntityMapping, PartMapping, StoredTable } from '../mapping/index.js';

/**
 * That what is said of properties is said of those that are there, or that were: of an aggregate's own, and of its parts behind the path
 * of their relation, `lines.engraving`. Events keep what a migration has dropped, and so does what was captured.
 * @throws InvalidOptionsError for one that was never there
 */
export async function requirePersonalProperties(
  roots: readonly EntityMapping[],
  readStored: () => Promise<readonly StoredTable[]>,
): Promise<void> {
  const unknown = roots.flatMap(unknownProperties);
  if (unknown.length === 0) return;
  const stored = await readStored();
  for (const { mapping, option, property, known } of unknown) {
    if (formerProperties(mapping, stored).has(property)) continue;
    throw new InvalidOptionsError(
      `"${mapping.entity}" has no property "${property}" in its events, which "${option}" names.`,
      `Use property paths: ${known.join(', ')}.`,
    );
  }
}

interface Unknown {
  readonly mapping: EntityMapping;
  readonly option: string;
  readonly property: string;
  readonly known: readonly string[];
}

function unknownProperties(root: EntityMapping): Unknown[] {
  return [root, ...root.parts].flatMap((mapping) => {
    const own = [...mapping.columns, ...mapping.missing].map(({ property }) => property);
    const known = mapping === root ? [...own, ...root.parts.flatMap(pathsOf)] : own;
    const { subject = {}, personal, retain } = mapping;
    const options = [
      ['subject', Object.values(subject), own],
      ['personal', personal, known],
      ['retain', retain?.properties, known],
    ] as const;
    return options.flatMap(([option, named, among]) =>
      (named === 'all' ? [] : (named ?? []))
        .filter((property) => !among.includes(property))
        .map((property) => ({ mapping, option, property, known: among })),
    );
  });
}

function pathsOf({ columns, missing, part: { path } }: PartMapping): string[] {
  return [...columns, ...missing].map(({ property }) => `${path}.${property}`);
}

/** What was captured of it at any time, also of parts that are owned no more. */
function formerProperties({ category, part }: EntityMapping, stored: readonly StoredTable[]): Set<string> {
  const path = part?.path ?? '';
  return new Set(
    stored
      .filter((table) => table.category === category)
      .flatMap((table) => {
        const names = (table.captured?.columns ?? []).map(({ property }) => property);
        if (table.part === path) return names;
        return path === '' ? names.map((name) => `${table.part}.${name}`) : [];
      }),
  );
}
