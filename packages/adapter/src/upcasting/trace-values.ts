import { isDeepStrictEqual } from 'node:util';
import { type EventData, type UpcastableEvent, type ValuePath, valuesOf } from '../event/index.js';
import type { EvolvedEvents } from './evolved-events.js';
import { upcastData } from './upcast-data.js';

/** What a value is replaced with, to see what depends on it; `undefined` takes it away. */
const probes = [undefined, null, 'backstory probe', 7] as const;

/**
 * What some values of an event become in its data as the code of today knows them: those that an upcaster, or a new name, makes
 * of them. Found by trying, because an upcaster is code: what changes when the values do comes from them.
 */
export function traceValues(
  evolution: EvolvedEvents,
  event: UpcastableEvent,
  values: readonly ValuePath[],
): ValuePath[] {
  if (values.length === 0) return [];
  const today = upcastData(evolution, event);
  if (today === event.data) return [...values];
  const paths = partPathsIn(evolution, event);
  const found = new Map<string, ValuePath>();
  for (const probe of probes) {
    const other = attempt(() =>
      upcastData(evolution, { ...event, data: withValues(event.data, values, probe) }),
    );
    if (!other) continue;
    const others = new Map(valuesOf(other, paths).map(([path, value]) => [JSON.stringify(path), value]));
    for (const [path, value] of valuesOf(today, paths)) {
      const key = JSON.stringify(path);
      if (!others.has(key) || !isDeepStrictEqual(others.get(key), value)) found.set(key, path);
    }
  }
  return [...found.values()];
}

/** The properties under which the data of an event have parts by their ids. What was appended has none, whatever its names. */
export function partPathsIn(
  { parts }: Pick<EvolvedEvents, 'parts'>,
  { change }: Pick<UpcastableEvent, 'change'>,
): string[] {
  return change === 'none' ? [] : parts.map(({ part }) => part.path);
}

/** An upcaster may refuse what it has never been given. */
function attempt(work: () => EventData): EventData | undefined {
  try {
    return work();
  } catch {
    return undefined;
  }
}

/** A copy as deep as the values stand. */
function withValues(data: EventData, values: readonly ValuePath[], probe: unknown): EventData {
  const result: Record<string, unknown> = { ...data };
  for (const [first, id, property] of values) {
    if (id === undefined || property === undefined) {
      put(result, first, probe);
      continue;
    }
    const ids = { ...(result[first] as Record<string, Record<string, unknown>>) };
    const patch = { ...ids[id] };
    put(patch, property, probe);
    ids[id] = patch;
    result[first] = ids;
  }
  return result;
}

function put(object: Record<string, unknown>, name: string, probe: unknown): void {
  if (probe === undefined) delete object[name];
  else object[name] = probe;
}
