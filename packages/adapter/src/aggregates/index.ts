export type { AggregateFilter } from './aggregate-filter.js';
export { capturedAggregates } from './captured-aggregates.js';
export { excludedButCaptured } from './excluded-but-captured.js';
export { KnownAggregates } from './known-aggregates.js';
export { type MappedAggregates, mappedAggregates } from './mapped-aggregates.js';
export { proposeConfiguration } from './propose-configuration.js';
export { storedSelection } from './stored-selection.js';
export { findingsOfUnsaid, unsaidEntities, unsaidInWords } from './unsaid-entities.js';
export { WaitingAggregates, mayWait } from './waiting-aggregates.js';
