export { readStream, type ReadStreamOptions } from './read-stream.js';
export { readStreams } from './read-streams.js';
export { eventColumns, type EventRow, toRecordedEvent } from './recorded-event-row.js';
