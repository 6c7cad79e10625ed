import { BackstoryError } from '../../errors.js';

/** Where the event stands, for messages. */
interface Place {
  readonly consumer: string;
  readonly source: string;
  readonly stream: string;
}

const at = ({ consumer, source, stream }: Place): string =>
  `Inbox "${consumer}", stream "${stream}" of ${source}`;

/** More events wait for a missing one than the buffer may hold. */
export function inboxGap(place: Place, missing: bigint, arrived: bigint, buffer: number): BackstoryError {
  return new BackstoryError(
    'INBOX_GAP',
    `${at(place)}: event ${missing} has not arrived, and ${arrived} would be more than ${buffer} that wait for it.`,
    'Roll back and leave the message with the broker. Look for the missing event there, and in what the relay has parked ' +
      '("npx backstory relay parked"); where it will never come, go on behind it with inbox.skip().',
  );
}

/** An event from before the one with which this inbox began its stream. */
export function inboxTooEarly(place: Place, position: bigint, first: bigint): BackstoryError {
  return new BackstoryError(
    'INBOX_TOO_EARLY',
    `${at(place)}: event ${position} arrived, and the stream was begun with ${first}.`,
    'The broker has turned them around, or somebody publishes again from the beginning. ' +
      "Begin streams with from: 'beginning' to wait for the first, or drop the message.",
  );
}

/** Another event than the one that was handled has its place, and no epoch tells that the publisher's log has lost events. */
export function inboxConflict(place: Place, position: bigint, last: bigint): BackstoryError {
  return new BackstoryError(
    'INBOX_CONFLICT',
    `${at(place)}: event ${position} is another one than stood there when this inbox came to ${last}: by its global position it is of another log.`,
    'An older state of the publishing database was put back without a new epoch: "npx backstory relay new-epoch" there, before it ' +
      'writes on. Or two applications publish under one source. To take what comes now for right: inbox.skip() with an epoch.',
  );
}

export function outsideTransaction(consumer: string): BackstoryError {
  return new BackstoryError(
    'INBOX_OUTSIDE_TRANSACTION',
    `Inbox "${consumer}" runs outside of a transaction: what the handler writes and that it has run would not be stored together.`,
    'Give the inbox a client that has begun one, or the manager of dataSource.transaction().',
  );
}

/** Undefined for an error that is about something else. */
export function notInstalled(error: unknown): BackstoryError | undefined {
  const { code, message, driverError } = error as {
    code?: string;
    message?: string;
    driverError?: { code?: string };
  };
  const state = code ?? driverError?.code;
  // a table, or a column of a later version
  const isMissing =
    (state === '42P01' && /inbox_/.test(message ?? '')) || (state === '42703' && /epoch/.test(message ?? ''));
  if (!isMissing) return undefined;
  return new BackstoryError(
    'INBOX_NOT_INSTALLED',
    'The tables of the inbox are not there, or of an older version.',
    'Call inbox.install() once, when the service starts, outside of the transaction of an event.',
    { cause: error },
  );
}

export function withoutPlace(id: string): BackstoryError {
  return new BackstoryError(
    'NOT_A_CLOUD_EVENT',
    `Event "${id}" has no subject and streamposition, so its place in a stream is unknown.`,
    "Give the inbox events that a relay of Backstory has published, or order: 'any'.",
  );
}
