import { randomUUID } from 'node:crypto';
import { readCloudEvent, type CloudEvent } from '@backstory/adapter/nats';
import { jetstream, jetstreamManager, StorageType } from '@nats-io/jetstream';
import { connect, type NatsConnection } from '@nats-io/transport-node';

/** A stream on disk that takes the subjects under a prefix, and what is in it. */
export class NatsStream {
  readonly prefix = `test-${randomUUID()}`;

  constructor(private readonly url: string) {}

  async make(options: object = {}): Promise<this> {
    await this.withConnection(async (connection) => {
      const manager = await jetstreamManager(connection);
      await manager.streams.add({
        name: this.prefix,
        subjects: [`${this.prefix}.>`],
        storage: StorageType.File,
        ...options,
      });
    });
    return this;
  }

  async received(): Promise<readonly CloudEvent[]> {
    const events: CloudEvent[] = [];
    await this.withConnection(async (connection) => {
      const { state } = await (await jetstreamManager(connection)).streams.info(this.prefix);
      if (state.messages === 0) return;
      const consumer = await jetstream(connection).consumers.get(this.prefix);
      const messages = await consumer.fetch({ max_messages: state.messages, expires: 60_000 });
      for await (const { headers, data } of messages) {
        events.push(readCloudEvent({ ...(headers && { headers }), body: data }));
      }
      if (events.length < state.messages)
        throw new Error(`Only ${events.length} of ${state.messages} messages of the stream were read.`);
    });
    return events;
  }

  async withConnection(work: (connection: NatsConnection) => Promise<unknown>): Promise<void> {
    const connection = await connect({ servers: new URL(this.url).host });
    try {
      await work(connection);
    } finally {
      await connection.close();
    }
  }
}
