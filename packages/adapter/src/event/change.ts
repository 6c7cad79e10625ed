/**
 * What happened to the row: the fold depends on this and never on an event's type, which is free to be named. `none` of an event
 * that the application has appended itself: no state depends on what is in it.
 */
export type Change = 'created' | 'updated' | 'deleted' | 'none';

const byCode: Readonly<Record<string, Change>> = { c: 'created', d: 'deleted', n: 'none' };

/** From the one letter under which a change is stored. */
export function changeFromCode(code: string): Change {
  return byCode[code] ?? 'updated';
}
