import { quoteIdentifier } from '../database/index.js';
import { AggregateNotFoundError, BackstoryError, WrongExpectedVersionError } from '../errors.js';
import { streamName } from '../event/index.js';
import type { AppendedEvents, ExpectedVersion } from './append-options.js';

/** One stream, under the name that it is stored by and that of today. */
export interface AppendTarget {
  readonly category: string;
  readonly knownAs: string;
  readonly streamId: string;
  readonly schemaVersion: number;
}

/** What append_events() says. */
export interface AppendOutcome {
  readonly outcome: 'appended' | 'unexpected' | 'taken' | 'missing' | 'off' | 'unknown';
  /** A decimal string. */
  readonly position: string | null;
}

/** The one statement of an append, and its values. */
export function appendStatement(
  schema: string,
  { category, streamId, schemaVersion }: AppendTarget,
  events: string,
  expected: ExpectedVersion,
): { text: string; values: unknown[] } {
  const position = expected === 'no-stream' ? 0 : typeof expected === 'number' ? expected : null;
  return {
    text: `select outcome, position::text as position from ${quoteIdentifier(schema)}.append_events($1, $2, $3::json, $4::smallint, $5::bigint, $6)`,
    values: [category, streamId, events, schemaVersion, position, expected === 'stream-exists'],
  };
}

/**
 * Where the events are.
 * @throws WrongExpectedVersionError; AggregateNotFoundError; BackstoryError APPEND_REFUSED
 */
export function appendedEvents(
  { knownAs, streamId }: AppendTarget,
  { outcome, position }: AppendOutcome,
  types: readonly string[],
  expected: ExpectedVersion,
): AppendedEvents {
  switch (outcome) {
    case 'appended':
      return { category: knownAs, streamId, position: Number(position) };
    case 'unexpected':
      throw new WrongExpectedVersionError(
        streamName(knownAs, streamId),
        expected as Exclude<ExpectedVersion, 'any'>,
        Number(position),
      );
    case 'missing':
      throw new AggregateNotFoundError(knownAs, streamId);
    case 'taken':
      throw new BackstoryError(
        'APPEND_REFUSED',
        `${types.join(', ')}: a name among these is one that capture gives to events of "${knownAs}".`,
        'Give events of your own another name. To name a change, use a rule, or withEvent() around it.',
      );
    case 'off':
      throw new BackstoryError(
        'APPEND_REFUSED',
        `"${knownAs}" is not captured at present, so its streams take no events.`,
        `npx backstory stage ${knownAs} capture`,
      );
    case 'unknown':
      throw new BackstoryError(
        'UNKNOWN_CATEGORY',
        `There is neither a captured aggregate nor a topic "${knownAs}".`,
        `Is it misspelt? A category without a table is named in the options, topics: ['${knownAs}'].`,
      );
  }
}
