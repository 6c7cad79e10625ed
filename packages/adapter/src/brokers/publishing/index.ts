export { inTime } from './in-time.js';
export { loadClient } from './load-client.js';
export { brokerUnavailable, eventRefused, PublishError } from './publish-error.js';
export { publishInOrder } from './publish-in-order.js';
export { checkPublisherOptions, type PacingOptions, type PublisherOptions } from './publisher-options.js';
