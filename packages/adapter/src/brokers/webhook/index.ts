/**
 * `@backstory/adapter/webhook`: a publisher for signed webhooks, and what their receiver needs.
 * @module webhook
 */
export { webhookPublisher, type WebhookPublisherOptions } from './webhook-publisher.js';
export {
  verifyWebhook,
  verifyWebhooks,
  type WebhookHeaders,
  type WebhookRequest,
} from './webhook-signature.js';
export { type CloudEvent, readCloudEvent, type ReceivedMessage } from '../cloud-events/index.js';
export { PublishError } from '../publishing/index.js';
