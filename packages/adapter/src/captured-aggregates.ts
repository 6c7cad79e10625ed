import { readCaptureStates } from './capture/index.js';
import type { SqlExecutor } from './database/index.js';
import type { EntityMapping } from './mapping/index.js';

/**
 * Every aggregate that the database captures, as it is captured: with the columns of all releases, and also those that
 * this application doesn't name. What only code can say, upcasters, is taken from this application.
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
    return named ? [withCodeOf(mapping, named)] : [mapping];
  });
}

function withCodeOf(captured: EntityMapping, named: EntityMapping): EntityMapping {
  if (named.foldsInSql) return captured;
  const { upcasters, foldsInSql, schemaVersion, renamedTypes } = named;
  const code = { upcasters, foldsInSql, schemaVersion, renamedTypes };
  const parts: EntityMapping['parts'][number][] = [];
  const root: EntityMapping = { ...captured, ...code, parts };
  for (const mapping of captured.parts) {
    const parent = parts.find(({ part }) => part.path === mapping.part.parent.part?.path) ?? root;
    parts.push({ ...mapping, ...code, part: { ...mapping.part, root, parent } });
  }
  return root;
}
