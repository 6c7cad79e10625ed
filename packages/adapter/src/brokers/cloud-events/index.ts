export { type CloudEvent, messageId, toCloudEvent } from './cloud-event.js';
export {
  batchContentType,
  type ContentMode,
  encodeCloudEvent,
  type EncodedMessage,
  type HeaderBinding,
} from './encode-cloud-event.js';
export { inflated } from './inflated.js';
export { readCloudEvent, readCloudEvents, type ReceivedMessage } from './read-cloud-event.js';
