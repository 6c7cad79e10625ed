import { type RecordedEvent, streamName } from '../../event/index.js';

/** An event as its broker gets it. */
export interface OutgoingMessage {
  /** What it takes of the window, about. */
  readonly bytes: number;
  /**
   * Resolves when the broker has confirmed it. What has to wait before it sends asks first whether anybody still wants it: a message that was given
   * up may have been sent again, with others behind it.
   */
  readonly send: (isWanted: () => boolean) => Promise<void>;
  /** The error when it isn't confirmed in time. */
  readonly late: () => Error;
  /** Nobody waits for the confirmation any more. */
  readonly abandon?: () => void;
}

/** An event on its way through the window. */
export class WindowMessage {
  readonly stream: string;
  state: 'waiting' | 'sent' | 'confirmed' | 'failed' = 'waiting';
  outgoing?: OutgoingMessage;
  /** The one behind it in its stream. */
  next?: WindowMessage;
  /** The one before it, while that isn't confirmed. */
  before?: WindowMessage;
  sentAt = 0;
  error: unknown;

  /**
   * @param index - in its call
   * @param sequence - among all that the window has had
   */
  constructor(
    readonly event: RecordedEvent,
    readonly index: number,
    readonly sequence: number,
  ) {
    this.stream = streamName(event.category, event.streamId);
  }
}
