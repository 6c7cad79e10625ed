/**
 * `@backstory/adapter/nats`: a publisher for NATS JetStream.
 * @module nats
 */
export { natsPublisher, type NatsPublisherOptions } from './nats-publisher.js';
export type { JetStreamPublisher } from './nats-link.js';
export { type CloudEvent, readCloudEvent, type ReceivedMessage } from '../cloud-events/index.js';
export { PublishError } from '../publishing/index.js';
