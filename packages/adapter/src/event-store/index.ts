export { readUntrackedEnd } from './read-untracked-end.js';
export { type HistoryOptions, readRecordedAt, readStream, type ReadStreamOptions } from './read-stream.js';
export { eventColumns, type EventRow, listedColumns, toRecordedEvent } from './recorded-event-row.js';
export { categoriesWithEvents, untrackedCategory } from './categories-with-events.js';
export { namingUnreadable } from './naming-unreadable.js';
export { unreadableEvent } from './unreadable-event.js';
export { streamIdsBehind } from './stream-ids.js';
export { bytesAtATime, bytesOfEventSql, hasLargeEventsSql } from './bytes-of-events.js';
export { streamsAtATime } from './streams-at-a-time.js';
