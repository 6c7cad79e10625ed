import { natsPublisher } from '../brokers/nats/index.js';
import { rabbitMqPublisher } from '../brokers/rabbitmq/index.js';
import { webhookPublisher } from '../brokers/webhook/index.js';
import { InvalidOptionsError } from '../errors.js';
import type { EventPublisher } from '../outbox/index.js';
import { loadFile } from './load-file.js';

/** The publisher that --to or --publisher name. A secret isn't taken from the command line, where others could read it. */
export async function namedPublisher({
  to,
  source,
  publisher,
}: Record<string, unknown>): Promise<EventPublisher> {
  if (typeof publisher === 'string') return publisherOfFile(publisher);
  const protocol =
    typeof to === 'string' && URL.canParse(to.split(',')[0] as string) ? to.slice(0, to.indexOf(':')) : '';
  const options = { url: to as string, source: source as string };
  switch (protocol) {
    case 'amqp':
    case 'amqps':
      return rabbitMqPublisher(options);
    case 'nats':
    case 'tls':
      return natsPublisher(options);
    case 'http':
    case 'https':
      return webhookPublisher({ ...options, secret: webhookSecret() });
    default:
      throw new InvalidOptionsError(
        'relay publish where to?',
        'Add --to amqp://… | nats://… | https://… with --source /shop, or --publisher dist/publisher.js.',
      );
  }
}

function webhookSecret(): string {
  const secret = process.env['BACKSTORY_WEBHOOK_SECRET'];
  if (secret) return secret;
  throw new InvalidOptionsError(
    'There is no secret to sign webhooks with.',
    'Set BACKSTORY_WEBHOOK_SECRET; for requests without a signature use --publisher.',
  );
}

async function publisherOfFile(file: string): Promise<EventPublisher> {
  const exported = Object.values(await loadFile(file)).find(isPublisher);
  if (exported) return exported;
  throw new InvalidOptionsError(
    `${file} exports no publisher.`,
    'Export an object with publish(events, signal), such as rabbitMqPublisher({ … }).',
  );
}

function isPublisher(candidate: unknown): candidate is EventPublisher {
  return typeof (candidate as EventPublisher | null)?.publish === 'function';
}
