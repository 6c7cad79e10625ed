import { readCaptureStates } from '../capture/index.js';
import type { SqlExecutor } from '../database/index.js';
import type { EntityMapping } from '../mapping/index.js';

/**
 * Every aggregate that the database captures, as it is captured: with the columns of all releases, and also those that
 * this application doesn't name. How events are read is this application's to say: upcasters, former names, defaults.
 */
export async function capturedAggregates(
  sql: SqlExecutor,
  schema: string,
  own: readonly EntityMapping[],
): Promise<EntityMapping[]> {
  const states = await readCaptureStates(sql, schema);
  return states.flatMap(({ mapping }) => {
    if (typeof mapping === 'string') return [];
    const named = own.find(({ category }) => category === mapping.category);
    return named ? [withReadingOf(mapping, named)] : [mapping];
  });
}

/** Names and defaults of properties by the names that they have in events, which are those of the captured aggregate. */
function withReadingOf(captured: EntityMapping, named: EntityMapping): EntityMapping {
  const { upcasters, foldsInSql, schemaVersion, renamedTypes, snapshotEvery } = named;
  const { withheld } = named;
  const reading = { upcasters, foldsInSql, schemaVersion, renamedTypes, snapshotEvery };
  const parts: EntityMapping['parts'][number][] = [];
  const root: EntityMapping = { ...captured, ...reading, withheld, ...namesOf(captured, named), parts };
  for (const mapping of captured.parts) {
    const parent = parts.find(({ part }) => part.path === mapping.part.parent.part?.path) ?? root;
    const own = named.parts.find(({ part }) => part.path === mapping.part.path);
    parts.push({
      ...mapping,
      ...reading,
      ...(own && { withheld: own.withheld, ...namesOf(mapping, own) }),
      part: { ...mapping.part, root, parent },
    });
  }
  return root;
}

function namesOf(captured: EntityMapping, named: EntityMapping): Pick<EntityMapping, 'renamed' | 'defaults'> {
  const recorded = (property: string): string | undefined => {
    const own = named.columns.find((column) => column.property === property);
    return own && captured.columns.find(({ number }) => number === own.number)?.property;
  };
  const renamed = Object.entries(named.renamed).flatMap(([former, property]) => {
    const name = recorded(property);
    return name === undefined || name === former ? [] : [[former, name] as const];
  });
  const defaults = Object.entries(named.defaults).flatMap(([property, value]) => {
    const name = recorded(property);
    return name === undefined ? [] : [[name, value] as const];
  });
  return {
    renamed: { ...captured.renamed, ...Object.fromEntries(renamed) },
    defaults: { ...captured.defaults, ...Object.fromEntries(defaults) },
  };
}
