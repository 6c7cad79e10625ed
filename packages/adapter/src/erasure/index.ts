export { eraseStream } from './erase-stream.js';
export { eraseTopicStream } from './erase-topic-stream.js';
export { eraseSubject } from './erase-subject.js';
export type { ErasureOptions, ErasureReport } from './erasure-options.js';
export { everythingOf, isPersonal, isTie, mappingOf, named, saidPersonal } from './properties.js';
export { retainAggregate, type RetentionOptions, type RetentionReport } from './retain.js';
export { goesBy, isNamedSubject, isOwnSubject, isSameSubject, subjectName } from './subject-names.js';
export { requireKnownStream } from './known-stream.js';
export {
  named as namedAggregates,
  searched,
  type SearchScope,
  type UnsearchedCategory,
} from './search-scope.js';
export { subjectNamed, subjectStreams } from './subject-streams.js';
export { type SubjectRecord, subjectRecords } from './subject-records.js';
export { unsearchedAggregate } from './unsearched-aggregate.js';
