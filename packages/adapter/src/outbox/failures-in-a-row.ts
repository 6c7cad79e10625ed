/** Failures since the last turn that went well. */
export class FailuresInARow {
  count = 0;
  private told: string | undefined;

  /** Counts one more. @returns whether it is another one than the last: an outage takes one word, however long it is */
  add(error: unknown): boolean {
    const words = error instanceof Error ? error.message : String(error);
    const isNews = words !== this.told;
    this.told = words;
    this.count += 1;
    return isNews;
  }

  end(): void {
    this.count = 0;
    this.told = undefined;
  }
}
