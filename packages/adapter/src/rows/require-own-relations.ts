import type { EntityMapping } from '../mapping/index.js';
import { type AggregateRow, partInWords } from './aggregate-row.js';
import { refusedChange } from './refused-change.js';

/** @throws BackstoryError COMMAND_REFUSED for entities in a relation that the aggregate doesn't own: nobody would write them */
export function requireOwnRelations(root: EntityMapping, row: AggregateRow): void {
  const { mapping, metadata, entity } = row;
  const prefix = mapping.part ? `${mapping.part.path}.` : '';
  for (const relation of metadata.relations) {
    // a foreign key of its own is a column
    if (relation.isWithJoinColumn || relation.isLazy) continue;
    if (root.parts.some(({ part }) => part.path === `${prefix}${relation.propertyPath}`)) continue;
    const value: unknown = relation.getEntityValue(entity);
    if (value === undefined || value === null || (Array.isArray(value) && value.length === 0)) continue;
    throw refusedChange(
      root,
      `sets "${relation.propertyPath}"${mapping.part ? ` of ${partInWords(row)}` : ''}, which the aggregate doesn't own`,
      'Let a command on the other aggregate change it, or name the relation in "owns".',
    );
  }
}
