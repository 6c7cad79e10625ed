import { type CloudEvent, createInbox } from '@backstory/adapter/inbox';
import { readCloudEvent } from '@backstory/adapter/rabbitmq';
import type { Channel } from 'amqplib';
import type { DataSource } from 'typeorm';

interface MessageProperties {
  readonly headers?: Record<string, unknown>;
  readonly contentType: string;
}

/** Another service, with a database of its own: one invoice for each order that was shipped. */
export async function billShippedOrders(channel: Channel, dataSource: DataSource): Promise<void> {
  await dataSource.query('create table if not exists invoice (stream text not null, shipped_at timestamptz)');
  await createInbox(dataSource.manager).install();
  await channel.assertExchange('shop', 'topic', { durable: true });
  await channel.assertQueue('billing', { durable: true, arguments: { 'x-single-active-consumer': true } });
  await channel.bindQueue('billing', 'shop', 'order.#');
  await channel.prefetch(20);
  let open = true; // what isn't acknowledged when a channel closes comes again on the next one
  channel.once('close', () => (open = false));
  await channel.consume('billing', (message) => {
    if (!message) return; // RabbitMQ has cancelled the consumer
    const { headers = {}, contentType } = message.properties as MessageProperties;
    const event = readCloudEvent({ headers, contentType, body: message.content });
    bill(dataSource, event).then(
      () => open && channel.ack(message),
      () => setTimeout(() => open && channel.nack(message), 1000), // it comes again
    );
  });
}

/** The invoice, and that its event was handled, in one transaction. */
async function bill(dataSource: DataSource, event: CloudEvent): Promise<void> {
  await dataSource.transaction((manager) =>
    createInbox(manager).once(event, async ({ type, subject, data }) => {
      const { shippedAt } = data as { shippedAt?: string };
      if (type !== 'OrderShipped') return;
      await manager.query('insert into invoice values ($1, $2)', [subject, shippedAt]);
    }),
  );
}
