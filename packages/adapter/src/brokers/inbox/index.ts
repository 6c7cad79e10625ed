/**
 * `@backstory/adapter/inbox`: each event once and in order, on the receiver's side.
 * @module inbox
 */
export {
  createInbox,
  type Inbox,
  type InboxDelivery,
  type InboxHandler,
  type InboxOptions,
  type InboxOutcome,
  type LostEnd,
} from './inbox.js';
export type { InboxSql } from './inbox-tables.js';
export { type CloudEvent, readCloudEvent, type ReceivedMessage } from '../cloud-events/index.js';
