export { diff, type DiffOptions } from './diff.js';
export type { HistoryEntry, HistoryEntryKind, PartDifference, PropertyDifference } from './history-entry.js';
