import { InvalidOptionsError } from '../errors.js';
import { ownData, type RecordedEvent, streamName } from '../event/index.js';
import { mappingOfEvent } from '../mapping/index.js';
import type { HistoryEntry, HistoryEntryKind } from './history-entry.js';
import { KnownStream } from './known-stream.js';
import { readerOf } from './read-values.js';

export interface DiffOptions {
  /**
   * The relation paths under which events have parts, such as `lines`. Only for events that don't come from `backstory.history()`,
   * such as those that a broker has delivered: of those from there it is known, and this is ignored.
   */
  parts?: readonly string[];
}

/**
 * The changes of one stream, as an application shows them to its users: who, when, and each property before and after. Computed
 * from the events alone, oldest first as they are given. Give the whole history, or what is before its first event is unknown, and said
 * to be. Properties that are excluded today are left out.
 * @throws InvalidOptionsError for events of several streams, or in another order; and for some that don't come from
 * `backstory.history()` where `parts` is left out
 * @example
 * for (const { at, actor, changes } of diff(await backstory.history(Order, '42'))) log(at, actor, changes);
 */
export function diff(history: readonly RecordedEvent<object>[], options: DiffOptions = {}): HistoryEntry[] {
  const [first] = history as readonly RecordedEvent[];
  if (!first) return [];
  const stream = new KnownStream(readerOf(mappingOf(first, options), options.parts ?? []));
  let position: number | undefined;
  return (history as readonly RecordedEvent[]).map((event) => {
    requireNext(first, event, position);
    if (position === undefined ? event.streamPosition > 1 : event.streamPosition > position + 1)
      stream.forget();
    position = event.streamPosition;
    return entryOf(event, stream);
  });
}

function mappingOf(event: RecordedEvent, { parts }: DiffOptions): ReturnType<typeof mappingOfEvent> {
  const mapping = mappingOfEvent(event);
  if (mapping !== undefined || parts) return mapping;
  throw new InvalidOptionsError(
    `The events of "${streamName(event.category, event.streamId)}" don't come from backstory.history(), so nobody knows which of their properties are parts.`,
    `Give what it returns, or say which are: diff(events, { parts: ['lines'] }), and parts: [] where there are none.`,
  );
}

function requireNext(first: RecordedEvent, event: RecordedEvent, after: number | undefined): void {
  const stream = streamName(first.category, first.streamId);
  if (event.category !== first.category || event.streamId !== first.streamId) {
    throw new InvalidOptionsError(
      `Here are events of "${stream}" and of "${streamName(event.category, event.streamId)}".`,
      'Give the history of one stream.',
    );
  }
  if (after === undefined || event.streamPosition > after) return;
  throw new InvalidOptionsError(
    `Position ${event.streamPosition} of "${stream}" comes behind position ${after}.`,
    'Give the events as backstory.history() returns them: oldest first.',
  );
}

function entryOf(event: RecordedEvent, stream: KnownStream): HistoryEntry {
  const { metadata, change, data } = event;
  const kind = kindOf(event);
  const said = change === 'none' ? data : data[ownData];
  const isWhole =
    kind === 'noted' || kind === 'erased' || kind === 'created' || kind === 'first-known' || stream.isKnown;
  const found = stream.apply(event, kind, new Set(metadata.erased));
  const { reason, restoredTo } = metadata;
  return {
    position: event.streamPosition,
    type: event.type,
    kind,
    at: event.recordedAt,
    actor: metadata.actor ?? null,
    origin: metadata.origin,
    ...(typeof reason === 'string' && { reason }),
    ...(typeof restoredTo === 'number' && { restoredTo }),
    ...found,
    ...(said !== undefined && { data: said }),
    ...(!isWhole && { incomplete: true as const }),
  };
}

/** What is captured as a creation is one: all others have found the thing there. */
function kindOf({ change, metadata }: RecordedEvent): HistoryEntryKind {
  if (change === 'none') return 'noted';
  if ('filled' in metadata) return 'lost';
  if (metadata.origin === 'erasure') return 'erased';
  if (change !== 'created') return change === 'deleted' ? 'deleted' : 'changed';
  return ['backfill', 'archive', 'repair'].includes(metadata.origin) ? 'first-known' : 'created';
}
