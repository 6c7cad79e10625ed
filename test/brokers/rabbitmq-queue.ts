import { randomUUID } from 'node:crypto';
import { readCloudEvent, type CloudEvent } from '@backstory/adapter/rabbitmq';
import { type Channel, connect } from 'amqplib';

/** A durable queue that takes everything of an exchange, and what came out of it so far. */
export class RabbitMqQueue {
  readonly exchange = `exchange-${randomUUID()}`;
  readonly queue = `queue-${randomUUID()}`;
  private readonly events: CloudEvent[] = [];

  constructor(private readonly url: string) {}

  async bind(pattern = '#', options: object = {}): Promise<this> {
    await this.withChannel(async (channel) => {
      await channel.assertExchange(this.exchange, 'topic', { durable: true });
      await channel.assertQueue(this.queue, { durable: true, ...options });
      await channel.bindQueue(this.queue, this.exchange, pattern);
    });
    return this;
  }

  async received(): Promise<readonly CloudEvent[]> {
    await this.withChannel(async (channel) => {
      for (let message = await channel.get(this.queue, { noAck: true }); message;) {
        const { headers = {}, contentType } = message.properties;
        this.events.push(
          readCloudEvent({ headers, contentType: contentType as string, body: message.content }),
        );
        message = await channel.get(this.queue, { noAck: true });
      }
    });
    return this.events;
  }

  async withChannel(work: (channel: Channel) => Promise<unknown>): Promise<void> {
    const connection = await connect(this.url);
    try {
      await work(await connection.createChannel());
    } finally {
      await connection.close();
    }
  }
}
