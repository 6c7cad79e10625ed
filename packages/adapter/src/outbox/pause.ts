/** A wait that can be cut short: by a hint that there is something to do, or by the end of the work. */
export class Pause {
  private hinted = false;
  private end: (() => void) | undefined;

  /** A hint that comes while nobody waits makes the next wait short. */
  hint(): void {
    this.hinted = true;
    this.end?.();
  }

  /** At least `least` milliseconds, so that a storm of hints doesn't make a storm of polls, unless aborted. */
  async wait(most: number, least: number, signal: AbortSignal): Promise<void> {
    if (signal.aborted) return;
    const started = performance.now();
    if (!this.hinted) await this.sleep(most, signal, true);
    const rest = least - (performance.now() - started);
    if (rest > 0) await this.sleep(rest, signal, false);
    this.hinted = false;
  }

  private sleep(milliseconds: number, signal: AbortSignal, hintable: boolean): Promise<void> {
    if (signal.aborted) return Promise.resolve();
    return new Promise((resolve) => {
      const done = (): void => {
        clearTimeout(timer);
        signal.removeEventListener('abort', done);
        this.end = undefined;
        resolve();
      };
      const timer = setTimeout(done, milliseconds);
      signal.addEventListener('abort', done);
      if (hintable) this.end = done;
    });
  }
}
