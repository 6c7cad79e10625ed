const first = 1_000;
const smallest = 10;
const largest = 20_000;

/**
 * How many rows the next chunk takes: as many as take about `targetMs`, found by doubling and halving at most, so that one
 * slow chunk (a checkpoint, a lock) doesn't make the next ones tiny.
 */
export class Pace {
  size: number;

  constructor(
    private readonly targetMs: number,
    private readonly limit = largest,
  ) {
    this.size = Math.min(first, limit);
  }

  /** Always the same size, unless a chunk can't be done in time. */
  static fixed(size: number): Pace {
    const pace = new Pace(Infinity, size);
    pace.size = size;
    return pace;
  }

  /** After a chunk that took too long to be done at all; false when there is no smaller one. */
  shrink(): boolean {
    if (this.size === 1) return false;
    this.size = Math.ceil(this.size / 2);
    return true;
  }

  /** After a chunk of `rows` that took `ms`. */
  next(rows: number, ms: number): void {
    // the last chunk of a range tells nothing
    if (rows < this.size) return;
    const fitting = (rows * this.targetMs) / Math.max(1, ms);
    const within = Math.min(this.size * 2, Math.max(this.size / 2, fitting));
    this.size = Math.round(Math.min(this.limit, Math.max(smallest, within)));
  }
}
