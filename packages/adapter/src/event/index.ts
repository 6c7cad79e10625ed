export { type Change, changeFromCode } from './change.js';
export type { EventMetadata, EventOrigin } from './event-metadata.js';
export { type DefaultEventTypes, defaultCategory, defaultEventTypes } from './event-type.js';
export type { EventData, RecordedEvent } from './recorded-event.js';
export { streamId, streamName } from './stream-name.js';
