/**
 * `@backstory/adapter/kafka`: a publisher for producers shaped as those of kafkajs.
 * @module kafka
 */
export {
  type KafkaMessage,
  type KafkaProducer,
  kafkaPublisher,
  type KafkaPublisherOptions,
} from './kafka-publisher.js';
export { type CloudEvent, readCloudEvent, type ReceivedMessage } from '../cloud-events/index.js';
export { PublishError } from '../publishing/index.js';
