export { archiveAggregate } from './archive-aggregate.js';
export type { ArchiveOptions, ArchiveReport } from './archive-options.js';
export { restoreArchive, type RestoreReport } from './restore-archive.js';
