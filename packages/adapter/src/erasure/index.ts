export { eraseStream } from './erase-stream.js';
export type { ErasureOptions, ErasureReport } from './erasure-options.js';
export { everythingOf, named } from './properties.js';
export { retainAggregate, type RetentionOptions, type RetentionReport } from './retain.js';
export { subjectNamed, subjectStreams } from './subject-streams.js';
