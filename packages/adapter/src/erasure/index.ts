export { eraseStream } from './erase-stream.js';
export { eraseTopicStream } from './erase-topic-stream.js';
export { eraseSubject } from './erase-subject.js';
export type { ErasureOptions, ErasureReport } from './erasure-options.js';
export { everythingOf, isPersonal, isTie, mappingOf, named, saidPersonal } from './properties.js';
export { retainAggregate, type RetentionOptions, type RetentionReport } from './retain.js';
export { isNamedSubject, isOwnSubject, subjectName } from './subject-names.js';
export { subjectNamed, subjectStreams } from './subject-streams.js';
