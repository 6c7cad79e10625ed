type Given<Wish> = { [Name in keyof Wish]?: Exclude<Wish[Name], undefined> };

/** Without what was left out. */
export function given<Wish extends object>(wish: Wish): Given<Wish> {
  return Object.fromEntries(Object.entries(wish).filter(([, value]) => value !== undefined)) as Given<Wish>;
}
