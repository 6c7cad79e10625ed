import type { RecordedEvent } from '../event/index.js';
import type { EventFilter } from './event-filter.js';

/** How what is stored and what consumers know of events differ: by upcasters, and names that were others before. */
export interface EventEvolution {
  /** The event as the code of today knows it; the same object where nothing has changed. */
  upcast(event: RecordedEvent): RecordedEvent;
  /** A filter by names of today, and by those that events were stored under. */
  withStoredNames<Filter extends EventFilter>(filter: Filter): Filter;
}
