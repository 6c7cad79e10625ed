import { isDeepStrictEqual } from 'node:util';
import type { RowPlace, WrittenRows } from './command-parts.js';
import { notRecorded, numberedTooSoon } from './command-refusals.js';
import { AggregateNotFoundError, BackstoryError } from '../errors.js';
import type { EntityMapping } from '../mapping/index.js';

/** What has become of the events of a command on an aggregate with parts. */
export interface RecordedChange {
  readonly outcome: 'told' | 'taken' | 'off' | 'numbered' | 'unknown';
  /** What capture has written for its statements. */
  readonly recorded: {
    /** Of the root; x for several. */
    readonly change: 'c' | 'u' | 'd' | 'x';
    /** A part that is gone has no key. */
    readonly leaves: readonly (RowPlace & { readonly key: string | null })[];
  } | null;
}

/**
 * That capture has heard of each row that was written.
 * @throws BackstoryError COMMAND_NOT_RECORDED, COMMAND_REFUSED, APPEND_REFUSED; AggregateNotFoundError where a trigger has deleted it
 */
export function requireRecorded(
  mapping: EntityMapping,
  { streamId, added, changed, removed, ended }: WrittenRows,
  found: RecordedChange | undefined,
  wanted: 'c' | 'u' | 'd',
): void {
  if (found?.outcome === 'numbered') throw numberedTooSoon(mapping);
  if (found?.outcome === 'taken') {
    throw new BackstoryError(
      'APPEND_REFUSED',
      `An event of the command changes nothing, and capture gives its name to changes of "${mapping.knownAs}".`,
      'Give an event that changes nothing a name of its own.',
    );
  }
  const recorded = found?.recorded;
  if (!recorded) throw notRecorded(mapping, streamId);
  const { change, leaves } = recorded;
  if (change !== wanted) {
    if (change === 'd' || change === 'x')
      throw new AggregateNotFoundError(mapping.knownAs, streamId, { wasDeleted: true });
    throw notRecorded(mapping, streamId);
  }
  const heard = new Set(leaves.map(({ path, id }) => `${path}\0${id}`));
  const isHeard = ({ path, id }: RowPlace): boolean => heard.has(`${path}\0${id}`);
  const missing =
    [...added.filter(({ path }) => path !== ''), ...removed].some((place) => !isHeard(place)) ||
    changed.some(
      ({ before, after, ...place }) =>
        !isHeard(place) &&
        [...after].some(([name, value]) => !isDeepStrictEqual(before[name] ?? null, value)),
    ) ||
    [...ended].some(
      ([path, rows]) => leaves.filter((leaf) => leaf.path === path && leaf.key === null).length < rows,
    );
  if (missing) throw notRecorded(mapping, streamId);
}
