import type { RecordedEvent } from '../../event/index.js';

let position = 0;

/** Streams that no other test of this process uses. */
export function newStream(name = 'order'): string {
  return `${name}-${process.pid.toString(36)}${(position += 1).toString(36)}${Date.now().toString(36)}`;
}

export function contractEvent(
  streamId: string,
  streamPosition: number,
  more: Partial<RecordedEvent> = {},
): RecordedEvent {
  return {
    globalPosition: String((position += 1)),
    category: 'order',
    streamId,
    streamPosition,
    type: streamPosition === 1 ? 'OrderCreated' : 'OrderUpdated',
    change: streamPosition === 1 ? 'created' : 'updated',
    schemaVersion: 1,
    data: { quantity: streamPosition },
    metadata: { origin: 'capture' },
    recordedAt: new Date(),
    ...more,
  };
}

/** Events of several streams, mixed: the first of each, then the second of each. */
export function mixedEvents(streams: number, each: number): RecordedEvent[] {
  const names = Array.from({ length: streams }, () => newStream());
  return Array.from({ length: each }, (_, index) =>
    names.map((name) => contractEvent(name, index + 1)),
  ).flat();
}

/** Everything that transports and JSON tend to break. */
export function awkwardEvent(): RecordedEvent {
  return contractEvent(newStream('Ünï “quoted” 100% / ?#.*>'), 1, {
    data: {
      text: 'line\r\nbreak, tab\t, quote ", backslash \\, euro €, emoji 😀, zero\u0001',
      bigint: '9223372036854775807',
      nothing: null,
      'shipping.city': 'Øslo',
      lines: { '7': { quantity: 2.5 }, '8': null },
      long: 'x'.repeat(20_000),
    },
    metadata: {
      origin: 'backfill',
      actor: 'Zoë “Z” %41',
      correlationId: 'corr 1',
      causationId: 'order-1@2',
      traceparent: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01',
      tenant: { id: 7, name: 'Łódź' },
    },
    recordedAt: new Date('2026-03-01T09:30:00.123Z'),
  });
}
