import type { RecordedEvent } from '../../event/index.js';
import { BackstoryError, type BackstoryErrorCode } from '../../errors.js';

type PublishErrorCode = Extract<
  BackstoryErrorCode,
  'BROKER_UNAVAILABLE' | 'EVENT_NOT_ROUTED' | 'EVENT_REFUSED'
>;

/**
 * What a broker said, or didn't say. `transient` is false only for EVENT_REFUSED: the relay parks the event and those
 * behind it in its stream; everything else it waits out.
 */
export class PublishError extends BackstoryError {
  override readonly name = 'PublishError';
  readonly transient: boolean;
  /** The first event that isn't confirmed: all before it in the batch are. */
  event?: RecordedEvent;

  constructor(code: PublishErrorCode, problem: string, remedy: string, cause?: unknown) {
    super(code, problem, remedy, { cause });
    this.transient = code !== 'EVENT_REFUSED';
  }
}

export function brokerUnavailable(problem: string, cause?: unknown): PublishError {
  // Node.js gives no message where several addresses were tried in vain.
  const { message, code, name } = (cause ?? {}) as NodeJS.ErrnoException;
  const said = message || code || name;
  const reason = said ? `: ${said}` : '';
  return new PublishError(
    'BROKER_UNAVAILABLE',
    `${problem}${reason}.`,
    'Nothing is lost: the relay tries again until it is there. Check that it runs, its address, user and password.',
    cause,
  );
}

export function eventRefused(problem: string, cause?: unknown): PublishError {
  return new PublishError(
    'EVENT_REFUSED',
    problem,
    'Change the limit or the receiver, then have it tried again with "npx backstory relay retry".',
    cause,
  );
}
