import type { CloudEvent, EventPublisher, RecordedEvent } from '@backstory/adapter';
import { readCloudEvent } from '@backstory/adapter/webhook';
import {
  encodeCloudEvent,
  type EncodedMessage,
  toCloudEvent,
} from '../../../packages/adapter/src/brokers/cloud-events/index.js';

/** A broker that keeps messages as they are on the wire. */
export class Wire implements EventPublisher {
  readonly messages: EncodedMessage[] = [];

  publish(events: readonly RecordedEvent[]): Promise<void> {
    for (const event of events) {
      this.messages.push(
        encodeCloudEvent(toCloudEvent(event, '/shop'), 'binary', { prefix: 'ce-', percentEncoded: true }),
      );
    }
    return Promise.resolve();
  }

  /** What came, in the order in which it came. */
  events(): CloudEvent[] {
    return this.messages.map(readCloudEvent);
  }

  /** Headers and bodies, all of them. */
  bytes(): string {
    return this.messages.map(({ headers, body }) => JSON.stringify(headers) + body).join('\n');
  }
}
