import { InvalidOptionsError } from '../../errors.js';

/** What every publisher is told. */
export interface PublisherOptions {
  /**
   * Names the application that publishes, as a URI reference: `/shop`, `https://shop.example/orders`. Two applications
   * that publish to the same place need different ones: events are told apart by source and id.
   */
  readonly source: string;
}

/** Of publishers that wait for each event's confirmation. */
export interface PacingOptions {
  /**
   * Events under way at the same time, of all partitions in this process; each of another stream, because a stream's
   * next event waits for the confirmation of the one before. Bounds what the broker is burdened with.
   */
  readonly maxInFlight?: number;
  /**
   * Bytes of messages under way at the same time, of all partitions in this process: a slow broker holds up the relay, and not its
   * memory. A message that is larger goes alone. Less than a few messages' worth makes a relay slow.
   * @defaultValue 16 000 000
   */
  readonly maxInFlightBytes?: number;
  /** How long a confirmation may take, in milliseconds, before the event counts as not published. */
  readonly timeoutMs?: number;
}

/** Of publishers that compress what they send. */
export interface CompressionOptions {
  /**
   * `gzip` takes processor time of the relay and of its receivers, and saves room and way where events are large. `readCloudEvent`,
   * `verifyWebhook` and `verifyWebhooks` unpack it.
   * @defaultValue none
   */
  readonly compression?: 'gzip';
  /** Bytes below which nothing is compressed: of small messages nothing is saved. @defaultValue 4096 */
  readonly compressionThreshold?: number;
}

/** @throws InvalidOptionsError */
export function checkPublisherOptions(
  { source, ...numbers }: PublisherOptions & PacingOptions & CompressionOptions & { readonly batch?: number },
  name: string,
): void {
  if (!/^\S+$/.test(source ?? '')) {
    throw new InvalidOptionsError(
      `${name}: source ${JSON.stringify(source)} doesn't name the application that publishes.`,
      "Use a URI reference without spaces, such as source: '/shop'.",
    );
  }
  const { compression } = numbers;
  if (compression !== undefined && compression !== 'gzip') {
    throw new InvalidOptionsError(
      `${name}: compression ${JSON.stringify(compression)} is not known.`,
      "Use compression: 'gzip', or leave it out.",
    );
  }
  for (const option of [
    'maxInFlight',
    'maxInFlightBytes',
    'timeoutMs',
    'batch',
    'compressionThreshold',
  ] as const) {
    const value = numbers[option];
    if (value === undefined || (Number.isInteger(value) && value > 0)) continue;
    throw new InvalidOptionsError(
      `${name}: ${option} ${value} is no positive whole number.`,
      'Use a whole number.',
    );
  }
}
