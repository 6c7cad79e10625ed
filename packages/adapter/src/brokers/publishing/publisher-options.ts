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
   * Events under way at the same time, for each partition of the consumer; each of another stream, because a stream's
   * next event waits for the confirmation of the one before. Bounds the memory and what the broker is burdened with.
   */
  readonly maxInFlight?: number;
  /** How long a confirmation may take, in milliseconds, before the event counts as not published. */
  readonly timeoutMs?: number;
}

/** @throws InvalidOptionsError */
export function checkPublisherOptions(
  { source, ...numbers }: PublisherOptions & PacingOptions & object,
  name: string,
): void {
  if (!/^\S+$/.test(source ?? '')) {
    throw new InvalidOptionsError(
      `${name}: source ${JSON.stringify(source)} doesn't name the application that publishes.`,
      "Use a URI reference without spaces, such as source: '/shop'.",
    );
  }
  for (const option of ['maxInFlight', 'timeoutMs'] as const) {
    const value = numbers[option];
    if (value === undefined || (Number.isInteger(value) && value > 0)) continue;
    throw new InvalidOptionsError(
      `${name}: ${option} ${value} is no positive whole number.`,
      'Use a whole number.',
    );
  }
}
