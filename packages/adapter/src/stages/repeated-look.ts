/** Looks again and again until it is stopped, a fixed time after the look before, and says one word of an outage, however long it is. */
export class RepeatedLook {
  private timer: NodeJS.Timeout | undefined;
  private turn: Promise<void> = Promise.resolve();
  private failing = false;
  private stopped = false;

  constructor(
    private readonly intervalMs: number,
    private readonly look: () => Promise<void>,
    private readonly onError: (error: unknown) => void,
  ) {}

  /** The first look is due after the interval. Doesn't keep the process alive. */
  start(): void {
    if (this.stopped || this.timer !== undefined) return;
    this.timer = setTimeout(() => void (this.turn = this.take()), this.intervalMs);
    this.timer.unref();
  }

  /** Resolves when a look that is under way has ended. */
  async stop(): Promise<void> {
    this.stopped = true;
    clearTimeout(this.timer);
    await this.turn;
  }

  /** Tells of an error, unless this outage has been told of. */
  fail(error: unknown): void {
    if (!this.failing && !this.stopped) this.onError(error);
  }

  private async take(): Promise<void> {
    try {
      await this.look();
      this.failing = false;
    } catch (error) {
      this.fail(error);
      this.failing = true;
    }
    this.timer = undefined;
    this.start();
  }
}
