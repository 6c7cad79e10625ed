import { BackstoryError } from '../errors.js';
import type { NamedEvent, NewEvent } from './append-options.js';
import { jsonObject } from './json-value.js';

/** Characters of JSON: beyond them brokers and readers have trouble, and what is so large is better kept elsewhere and named. */
const longestData = 1_048_576;
const mostEvents = 10_000;

interface EventToAppend {
  readonly type: string;
  readonly data: Readonly<Record<string, unknown>>;
}

/** Types and data of what is to be appended. @throws BackstoryError INVALID_EVENT, which names event and property */
export function newEvents(given: NewEvent | readonly NewEvent[]): EventToAppend[] {
  const events = Array.isArray(given) ? (given as readonly NewEvent[]) : [given];
  if (events.length > 0 && events.length <= mostEvents) return events.map(newEvent);
  throw invalid(
    `${events.length} events can't be appended at once.`,
    `Give 1 to ${mostEvents}, in several calls of one transaction if need be.`,
  );
}

function newEvent(event: NewEvent): EventToAppend {
  if (typeof event !== 'object' || event === null)
    throw invalid(`${String(event)} is no event.`, 'Give an instance of a class, or { type, data }.');
  const isNamed = [Object.prototype, null].includes(Object.getPrototypeOf(event) as object | null);
  const type = isNamed ? (event as NamedEvent).type : event.constructor.name;
  if (typeof type !== 'string' || type.trim() === '')
    throw invalid(
      isNamed ? 'An event has no type.' : 'An event is of a class without a name.',
      "Give { type: 'ReminderSent', data: { … } }, or an instance of a class whose name is the type.",
    );
  const properties = isNamed ? namedData(event as NamedEvent, type) : event;
  const data = jsonObject(properties, '', (path, why) =>
    invalid(
      `"${path}" of ${type} ${why}.`,
      'Give what JSON can hold: texts, finite numbers, booleans, null, arrays and plain objects; also Date, bigint and bytes.',
    ),
  );
  const { length } = JSON.stringify(data);
  if (length > longestData)
    throw invalid(
      `The data of ${type} has ${length} characters.`,
      `Keep it below ${longestData}: put what is large elsewhere, and its place into the event.`,
    );
  return { type, data };
}

function namedData({ data = {}, ...others }: NamedEvent, type: string): object {
  const unknown = Object.keys(others).find((name) => name !== 'type');
  if (unknown === undefined && typeof data === 'object' && !Array.isArray(data)) return data;
  throw invalid(
    unknown === undefined
      ? `The data of ${type} is no object.`
      : `"${unknown}" of ${type} is no part of an event.`,
    'Give { type, data }, with all that is to be recorded in data.',
  );
}

function invalid(problem: string, remedy: string): BackstoryError {
  return new BackstoryError('INVALID_EVENT', problem, remedy);
}
