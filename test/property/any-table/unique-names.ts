/** What PostgreSQL makes of a name. */
export function stored(name: string): string {
  let cut = name;
  while (Buffer.byteLength(cut) > 63) cut = [...cut].slice(0, -1).join('');
  return cut;
}

/** Gives a name to each of its takers, with a number in front where it is taken. */
export class UniqueNames {
  private readonly taken: Set<string>;

  constructor(taken: readonly string[] = []) {
    this.taken = new Set(taken);
  }

  take(wanted: string): string {
    let name = wanted;
    for (let number = 2; this.taken.has(stored(name)); number++) name = `${number}${wanted}`;
    this.taken.add(stored(name));
    return name;
  }
}
