/** Tokens inside of a history's module. */
export const HISTORY_OPTIONS = Symbol.for('backstory:HistoryOptions');
export const HISTORY_BACKSTORY = Symbol.for('backstory:HistoryBackstory');
export const HISTORY_DESCRIBED = Symbol.for('backstory:HistoryDescribed');
