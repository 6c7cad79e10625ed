export { Compression } from './compression.js';
export { inTime } from './in-time.js';
export { loadClient } from './load-client.js';
export { brokerUnavailable, eventRefused, PublishError } from './publish-error.js';
export { publishInChunks } from './publish-in-chunks.js';
export { PublishingWindow } from './publishing-window.js';
export {
  checkPublisherOptions,
  type CompressionOptions,
  type PacingOptions,
  type PublisherOptions,
} from './publisher-options.js';
export type { OutgoingMessage } from './window-message.js';
