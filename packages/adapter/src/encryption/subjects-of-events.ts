import type { SqlExecutor } from '../database/index.js';
import { isOwnSubject, subjectName } from '../erasure/index.js';
import type { EventData, RecordedEvent, ValuePath } from '../event/index.js';
import type { EntityMapping } from '../mapping/index.js';
import type { KnownNamings } from './known-namings.js';
import { type AskedNaming, type Named, namedBefore, type Naming } from './named-before.js';

/** An event, as the code of today knows it, some values of which are to be encrypted. */
export interface EventWithValues {
  readonly event: RecordedEvent;
  /** Undefined for an aggregate that nobody has ever named. */
  readonly root: EntityMapping | undefined;
  readonly paths: readonly ValuePath[];
}

/** Whose each value is: names of subjects, in order. */
export type SubjectsOfValue = (path: ValuePath) => readonly string[];

/**
 * Whose the values of events are. Of a stream that is a subject itself: its own. What the root names as its subject, and of a part
 * also what the part names, as it was at that event; the event that changes it is of both, before and after. What nobody is named
 * for is of the stream itself. With one query for all of them, where events don't say it themselves.
 */
export async function subjectsOfEvents(
  sql: SqlExecutor,
  schema: string,
  mappings: readonly EntityMapping[],
  events: readonly EventWithValues[],
  known: KnownNamings,
): Promise<SubjectsOfValue[]> {
  const before = await namedBefore(
    sql,
    schema,
    events.flatMap(({ event, root, paths }) =>
      root && event.change !== 'created'
        ? namings(root, paths).map((naming) => ({ ...naming, ...placeOf(event, root) }))
        : [],
    ),
    known,
  );
  return events.map(({ event, root }) => {
    if (!root) return () => [`${event.category}:${event.streamId}`];
    const own = `${root.category}:${event.streamId}`;
    const isOwn = isOwnSubject(root, mappings);
    return (path) => {
      const found = new Set<string>(isOwn ? [own] : []);
      for (const naming of namings(root, [path])) {
        for (const id of idsNamed(event, root, naming, before))
          found.add(subjectName(mappings, naming.subject, id));
      }
      return found.size > 0 ? [...found].sort() : [own];
    };
  });
}

/** Where the subjects of some values are named: in properties of the root, and of the parts that have the values. */
function namings(root: EntityMapping, paths: readonly ValuePath[]): Naming[] {
  const parts = new Map<string, Naming>();
  for (const [path, id, property] of paths) {
    const part = property === undefined ? undefined : root.parts.find((each) => each.part.path === path);
    for (const [subject, name] of Object.entries(part?.subject ?? {}))
      parts.set(JSON.stringify([path, id, name]), { subject, property: name, part, id: id });
  }
  const ofRoot = Object.entries(root.subject ?? {}).map(([subject, property]) => ({ subject, property }));
  return [...ofRoot, ...parts.values()];
}

function placeOf(event: RecordedEvent, root: EntityMapping): Omit<AskedNaming, keyof Naming> {
  return { root, streamId: event.streamId, position: event.streamPosition, epoch: event.epoch };
}

function idsNamed(event: RecordedEvent, root: EntityMapping, naming: Naming, before: Named): string[] {
  const { data, change } = event;
  const path = naming.part?.part.path;
  const ofPart =
    path === undefined ? data : ((data[path] as Record<string, EventData | null>)[naming.id as string] ?? {});
  const says = change !== 'none' && Object.hasOwn(ofPart, naming.property);
  const values = [
    ...(says ? [ofPart[naming.property]] : []),
    ...(change === 'created' ? [] : [before({ ...naming, ...placeOf(event, root) })]),
  ];
  return values.flatMap((value) =>
    typeof value === 'string' || typeof value === 'number' ? String(value) : [],
  );
}
