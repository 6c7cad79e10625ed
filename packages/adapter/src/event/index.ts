export { type Change, changeFromCode } from './change.js';
export type { EventDataOf } from './event-data-of.js';
export { eventInstance } from './event-instance.js';
export { eventsOf, type TypedEvent } from './events-of.js';
export type { EventMetadata, EventOrigin } from './event-metadata.js';
export {
  type EventCondition,
  type EventRule,
  type EventTypeName,
  eventTypeName,
  type PropertyPath,
} from './event-rule.js';
export {
  type DefaultEventTypes,
  defaultCategory,
  defaultEventTypes,
  untrackedEventType,
} from './event-type.js';
export { copiedData } from './copied-data.js';
export { ownData } from './own-data.js';
export type { EventData, RecordedEvent } from './recorded-event.js';
export { markOf, propertyOf, valuesOf, type ValuePath } from './value-path.js';
export { streamId, streamName } from './stream-name.js';
export type { UpcastableEvent, Upcaster, Upcasters } from './upcaster.js';
