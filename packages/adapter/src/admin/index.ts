export { type CorrelationPage, readCorrelation } from './read-correlation.js';
export type { EventKind } from './event-kind.js';
export { type EventSearch, requirePosition, requireSearch } from './event-search.js';
export type { ListedEvent } from './listed-event.js';
export { readEvent } from './read-event.js';
export { type EventPage, readEvents } from './read-events.js';
export type { SearchIndex } from './search-indexes.js';
export { diagnose } from './diagnose.js';
export type { Finding } from './finding.js';
export { type GrantedRoles, grantsFor } from './grants.js';
export { findStreams, type FoundStream } from './find-streams.js';
export { changesBetween, flatState, type PropertyChange } from './flat-state.js';
export { publicationFor } from './publication.js';
export { type Activity, readActivity } from './read-activity.js';
export { type DriftReport, type DriftedStream, readDrift, type ShownDrift } from './read-drift.js';
export { type DriftExample, readDriftExamples } from './read-drift-examples.js';
export { type LogReport, readLog } from './read-log.js';
export {
  type AggregateOverview,
  type BackfillOverview,
  type Overview,
  readOverview,
} from './read-overview.js';
export type { ResidualOptions, ResidualSource, ResidualStatus } from './read-residuals.js';
export { type AggregateStatus, type PropertyDrift, readStatus } from './read-status.js';
export { readStreamPage, type StreamEvent, type StreamPage } from './read-stream-page.js';
export { type ShownValue, shownValue } from './shown-value.js';
export { readTenants, type TenantOverview } from './read-tenants.js';
export { withinTimeLimit } from './within-time-limit.js';
export { readVolume, type Volume } from './read-volume.js';
