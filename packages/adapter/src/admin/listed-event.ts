import { BackstoryError } from '../errors.js';
import { type Change, ownData, type RecordedEvent } from '../event/index.js';
import { type EventRow, toRecordedEvent } from '../event-store/index.js';
import type { EntityMapping, MappingRegistry } from '../mapping/index.js';
import { upcast } from '../upcasting/index.js';
import { type EventKind, kindOf } from './event-kind.js';
import { visibleValues } from './flat-state.js';
import { type ShownValue, shownValue } from './shown-value.js';

/** One event among those of other streams, as it is shown. */
export interface ListedEvent {
  readonly globalPosition: string;
  /** Under today's name. */
  readonly category: string;
  /** Whether it is an aggregate of this application, whose streams can be looked at. */
  readonly known: boolean;
  readonly streamId: string;
  readonly streamPosition: number;
  readonly type: string;
  readonly change: Change;
  readonly kind: EventKind;
  readonly recordedAt: Date;
  readonly actor: string | null;
  readonly correlationId: string | null;
  readonly causationId: string | null;
  /** What it says: the whole of a first event, else what has changed. Without what is excluded; a part that was taken away is null. */
  readonly values: readonly { readonly property: string; readonly value: ShownValue }[];
  /** Bytes of these, as they are stored, where that is too much for a list: then they are left out, and `event()` has them. Null otherwise. */
  readonly bytes: number | null;
  /** Why its values can't be told. */
  readonly problem: string | null;
}

const longestValue = 500;
/** Bytes of an event's data, as they are stored, up to which a list has them. */
export const largestListed = 20_000;

export function listedEvent(mappings: MappingRegistry, row: EventRow, longest = longestValue): ListedEvent {
  const event = toRecordedEvent(row);
  const mapping = mappings.all().find(({ category }) => category === event.category);
  const { actor, correlationId, causationId } = event.metadata;
  const text = (value: unknown): string | null =>
    value === undefined || value === null ? null : typeof value === 'string' ? value : JSON.stringify(value);
  const listed = {
    globalPosition: event.globalPosition,
    category: mapping?.knownAs ?? event.category,
    known: mapping !== undefined,
    streamId: event.streamId,
    streamPosition: event.streamPosition,
    type: event.type,
    change: event.change,
    kind: kindOf(event),
    recordedAt: event.recordedAt,
    actor: text(actor),
    correlationId: text(correlationId),
    causationId: text(causationId),
    bytes: row.bytes ?? null,
  };
  const shown = ([property, value]: [string, unknown]): ListedEvent['values'][number] => ({
    property,
    value: shownValue(value, longest),
  });
  // without its data no upcaster can read it
  if (listed.bytes !== null) {
    return { ...listed, type: mapping?.renamedTypes[event.type] ?? event.type, values: [], problem: null };
  }
  // of a table that this application doesn't know, nobody says here what must not be shown
  if (!mapping) {
    const values = event.change === 'none' ? Object.entries(event.data) : [];
    return { ...listed, values: values.map(shown), problem: null };
  }
  try {
    const today = upcast(mapping, event);
    return { ...listed, type: today.type, values: valuesOf(mapping, today).map(shown), problem: null };
  } catch (error) {
    if (!BackstoryError.is(error)) throw error;
    return { ...listed, values: [], problem: error.message };
  }
}

function valuesOf(mapping: EntityMapping, { change, data }: RecordedEvent): [string, unknown][] {
  if (change === 'none') return Object.entries(data);
  const { [ownData]: own, ...state } = data;
  const values = visibleValues(mapping, state);
  for (const part of mapping.parts) {
    const { path } = part.part;
    const rows = Object.hasOwn(data, path) ? (data[path] as Record<string, object | null>) : {};
    for (const [id, row] of Object.entries(rows)) {
      if (row === null) values.push([`${path}[${id}]`, null]);
      else values.push(...visibleValues(part, row as RecordedEvent['data']).map(inside(`${path}[${id}]`)));
    }
  }
  return own === undefined ? values : [...values, ...visibleValues(mapping, own as RecordedEvent['data'])];
}

function inside(path: string): (value: [string, unknown]) => [string, unknown] {
  return ([property, value]) => [`${path}.${property}`, value];
}
