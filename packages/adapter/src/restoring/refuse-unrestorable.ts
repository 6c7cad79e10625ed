import { BackstoryError } from '../errors.js';
import { streamName } from '../event/index.js';
import type { EntityMapping } from '../mapping/index.js';
import { type AggregateState, erasedOf } from '../replay/index.js';

/**
 * What a version can be restored from.
 * @throws BackstoryError RESTORE_REFUSED where it was deleted by then, or values of it were erased
 */
export function refuseUnrestorable(
  mapping: EntityMapping,
  streamId: string,
  position: number,
  state: AggregateState | undefined,
): AggregateState {
  const stream = streamName(mapping.knownAs, streamId);
  if (!state?.root) {
    throw new BackstoryError(
      'RESTORE_REFUSED',
      `"${stream}" was deleted at version ${position}: there is nothing to bring back.`,
      'Restore the version before its deletion, or delete the row in the application.',
    );
  }
  const erased = erasedNames(mapping, streamId, state);
  if (erased.length === 0) return state;
  throw new BackstoryError(
    'RESTORE_REFUSED',
    `Version ${position} of "${stream}" has lost values that were erased: ${erased.join(', ')}.`,
    'Erased values never come back. Restore a version that is younger than they are, or write the rest in the application.',
  );
}

function erasedNames(mapping: EntityMapping, streamId: string, { erased, parts }: AggregateState): string[] {
  const of = (table: EntityMapping, id: string): string[] => {
    const marked = erasedOf(erased, table, id);
    const names = table.columns.filter(({ property, generated }) => !generated && marked.has(property));
    const place = table.part ? `${table.part.path}[${id}].` : '';
    return names.map(({ property }) => `${place}${property}`);
  };
  const ofParts = mapping.parts.flatMap((table) =>
    [...(parts.get(table.part.path)?.keys() ?? [])].flatMap((id) => of(table, id)),
  );
  return [...of(mapping, streamId), ...ofParts];
}
