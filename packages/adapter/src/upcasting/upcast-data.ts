import { ReplayError } from '../errors.js';
import { type EventData, streamName, type UpcastableEvent, type Upcaster } from '../event/index.js';
import type { EvolvedEvents } from './evolved-events.js';

/** The data alone, for folds: their events have no more than this. */
export function upcastData(evolution: EvolvedEvents, event: UpcastableEvent): EventData {
  requireKnownVersion(evolution, event);
  const type = typeOfToday(evolution.renamedTypes, event.type);
  return withNamesOfToday(
    evolution,
    throughUpcasters(evolution, type === event.type ? event : { ...event, type }),
    event.change,
  );
}

export function typeOfToday(renamedTypes: Readonly<Record<string, string>>, type: string): string {
  return Object.hasOwn(renamedTypes, type) ? (renamedTypes[type] as string) : type;
}

export function requireKnownVersion({ schemaVersion }: EvolvedEvents, event: UpcastableEvent): void {
  if (event.schemaVersion <= schemaVersion) return;
  throw new ReplayError(
    streamName(event.category, event.streamId),
    `position ${event.streamPosition} has schema version ${event.schemaVersion}, and this application knows ${schemaVersion}`,
    'A newer version of the application has written it: deploy that one here, too.',
  );
}

export function throughUpcasters(
  { schemaVersion, upcasters }: EvolvedEvents,
  event: UpcastableEvent,
): EventData {
  let { data } = event;
  if (event.schemaVersion === schemaVersion) return data;
  const own = Object.hasOwn(upcasters, event.type) ? upcasters[event.type] : undefined;
  // what is for every type is for the entity's properties
  const ofAll = event.change === 'none' ? undefined : upcasters['*'];
  for (let version = event.schemaVersion; version < schemaVersion; version++) {
    const upcaster = own?.[version] ?? ofAll?.[version];
    if (upcaster) data = applied(upcaster, version, { ...event, data, schemaVersion: version });
  }
  return data;
}

function applied(upcaster: Upcaster, version: number, event: UpcastableEvent): EventData {
  const { category, streamId, streamPosition, type } = event;
  const problem = (what: string): string =>
    `the upcaster of ${type} from version ${version} ${what} at position ${streamPosition}`;
  let data: unknown;
  try {
    data = upcaster(event.data, event);
  } catch (error) {
    throw new ReplayError(
      streamName(category, streamId),
      problem(`fails (${error instanceof Error ? error.message : String(error)})`),
      'Let it accept the data as it is stored: "npx backstory history" shows it.',
      { cause: error },
    );
  }
  if (typeof data === 'object' && data !== null && !Array.isArray(data) && !(data instanceof Promise)) {
    return data as EventData;
  }
  throw new ReplayError(streamName(category, streamId), problem('returns no object'), 'Return the data.');
}

/** Of an event that the application has appended, the names are its own. */
export function withNamesOfToday(
  { renamed, parts }: EvolvedEvents,
  data: EventData,
  change: UpcastableEvent['change'],
): EventData {
  if (change === 'none') return data;
  let result = named(renamed, data);
  for (const { part, renamed: ofPart } of parts) {
    if (!Object.hasOwn(data, part.path) || isEmpty(ofPart)) continue;
    const patches = Object.entries(data[part.path] as Record<string, EventData | null>).map(
      ([id, patch]) => [id, patch && named(ofPart, patch)] as const,
    );
    result = { ...result, [part.path]: Object.fromEntries(patches) };
  }
  return result;
}

function named(renamed: Readonly<Record<string, string>>, data: EventData): EventData {
  if (isEmpty(renamed)) return data;
  const former = Object.keys(renamed).filter((name) => Object.hasOwn(data, name));
  if (former.length === 0) return data;
  const entries = Object.entries(data).filter(([name]) => !former.includes(name));
  const additions = former
    .map((name) => [renamed[name] as string, data[name]] as const)
    .filter(([name]) => !Object.hasOwn(data, name));
  return Object.fromEntries([...entries, ...additions]);
}

function isEmpty(object: object): boolean {
  for (const _ in object) return false;
  return true;
}
