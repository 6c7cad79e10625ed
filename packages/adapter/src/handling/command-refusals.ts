import type { AnnouncedEvent } from '../capture/index.js';
import { sqlState } from '../database/index.js';
import { BackstoryError, WrongExpectedVersionError } from '../errors.js';
import { streamName } from '../event/index.js';
import type { EntityMapping } from '../mapping/index.js';

/** What PostgreSQL says of a conflict, as an error that says it; any other error as it is. */
export function conflictInWords(error: unknown, knownAs: string, streamId: string): unknown {
  const { constraint, detail = '' } = error as { constraint?: string; detail?: string };
  if (sqlState(error) !== '40001' || constraint !== 'backstory_expected_version') return error;
  const [expected = 0, actual = 0] = detail.split(',').map(Number);
  return new WrongExpectedVersionError(streamName(knownAs, streamId), expected, actual, undefined, {
    cause: error,
  });
}

/** The conflict in the transaction of a caller. */
export function conflictOfCaller(error: unknown): unknown {
  if (!(error instanceof WrongExpectedVersionError)) return error;
  const { stream, expected, actual } = error;
  return new WrongExpectedVersionError(
    stream,
    expected,
    actual,
    "The transaction is the caller's, so nothing was tried again: roll it back, and run all of it anew.",
    { cause: error },
  );
}

/** The last of several conflicts. */
export function conflictAfterAll(error: unknown, turns: number): unknown {
  if (!(error instanceof WrongExpectedVersionError)) return error;
  const { stream, expected, actual } = error;
  return new WrongExpectedVersionError(
    stream,
    expected,
    actual,
    `It was decided ${turns} times, and each time somebody else was faster. Run it again, or raise "retries".`,
    { cause: error },
  );
}

export function outsideTransaction(): BackstoryError {
  return new BackstoryError(
    'COMMAND_REFUSED',
    'The manager of this command has no transaction open.',
    'Pass the manager of dataSource.transaction((manager) => …), or none: the command then has a transaction of its own.',
  );
}

/** An event without a change goes by a name that no change has: consumers would take it for one. */
export function refuseTakenNames(mapping: EntityMapping, events: readonly AnnouncedEvent[]): void {
  const names = new Set(
    [mapping, ...mapping.parts].flatMap(({ eventTypes, rules }) => [
      ...(Object.values(eventTypes) as string[]),
      ...rules.map(({ type }) => type),
    ]),
  );
  const taken = events.find(
    ({ type, names: changed, parts }) => changed.length === 0 && parts === undefined && names.has(type),
  );
  if (!taken) return;
  throw new BackstoryError(
    'APPEND_REFUSED',
    `${taken.type} changes nothing, and capture gives this name to changes of "${mapping.knownAs}".`,
    'Give an event that changes nothing a name of its own.',
  );
}

export function numberedTooSoon({ knownAs }: EntityMapping): BackstoryError {
  return new BackstoryError(
    'COMMAND_REFUSED',
    `"${knownAs}" owns others, and in this transaction its events get their positions as they are written: a command can't put its own in their place.`,
    'Use READ COMMITTED or REPEATABLE READ, and no SET CONSTRAINTS ALL IMMEDIATE in front of the command. Roll this transaction back.',
  );
}

export function notWritten(
  { knownAs }: EntityMapping,
  id: string,
  what: 'changed' | 'inserted' | 'deleted',
  path = '',
): BackstoryError {
  const row = path === '' ? 'The row' : `A row of "${path}"`;
  return new BackstoryError(
    'COMMAND_REFUSED',
    `${row} of "${streamName(knownAs, id)}" was not ${what}: a trigger of the table or a policy keeps it from that${what === 'inserted' ? '' : ", or it isn't there"}.`,
    'Look at the triggers and policies of the table. "npx backstory verify" finds streams without a row.',
  );
}

export function notRecorded({ knownAs }: EntityMapping, id: string): BackstoryError {
  return new BackstoryError(
    'COMMAND_NOT_RECORDED',
    `The row of "${streamName(knownAs, id)}" was written, and capture has not written the events of the command.`,
    'Roll the transaction back. "npx backstory doctor" says why: triggers that are missing or disabled, or the stage off.',
  );
}
