/** What happened to the row: the fold depends on this and never on an event's type, which is free to be named. */
export type Change = 'created' | 'updated' | 'deleted';

/** From the one letter under which a change is stored. */
export function changeFromCode(code: string): Change {
  return code === 'c' ? 'created' : code === 'd' ? 'deleted' : 'updated';
}
