/** What happened to the row: the fold depends on this and never on an event's type, which is free to be named. */
export type Change = 'created' | 'updated' | 'deleted';

/** The one letter under which a change is stored. */
export const changeCodes = { created: 'c', updated: 'u', deleted: 'd' } as const satisfies Record<
  Change,
  string
>;

export function changeFromCode(code: string): Change {
  return code === 'c' ? 'created' : code === 'd' ? 'deleted' : 'updated';
}
