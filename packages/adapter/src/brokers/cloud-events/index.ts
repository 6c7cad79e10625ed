export { type CloudEvent, messageId, toCloudEvent } from './cloud-event.js';
export {
  type ContentMode,
  encodeCloudEvent,
  type EncodedMessage,
  type HeaderBinding,
} from './encode-cloud-event.js';
export { readCloudEvent, type ReceivedMessage } from './read-cloud-event.js';
