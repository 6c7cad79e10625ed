const longest = 1_000;
/** Characters that a page should have at most: memory doesn't grow with the size of events. */
const largest = 4_000_000;

/** How many positions to read at once, by how large the last ones were. */
export class PageLength {
  private length = 250;

  get positions(): bigint {
    return BigInt(this.length);
  }

  learn({ events, size }: { readonly events: readonly unknown[]; readonly size: number }): void {
    if (events.length === 0) return;
    const fitting = Math.floor((largest * events.length) / Math.max(1, size));
    this.length = Math.max(10, Math.min(longest, fitting, this.length * 2));
  }
}
