/**
 * `@backstory/adapter/rabbitmq`: a publisher for RabbitMQ.
 * @module rabbitmq
 */
export { rabbitMqPublisher, type RabbitMqPublisherOptions } from './rabbitmq-publisher.js';
export type { RabbitMqChannel, RabbitMqConnection } from './rabbitmq-link.js';
export { type CloudEvent, readCloudEvent, type ReceivedMessage } from '../cloud-events/index.js';
export { PublishError } from '../publishing/index.js';
