import type { JetStreamPublisher } from './nats-link.js';

/** The part of a JetStream client that says how a stream is made. */
interface StreamLookup {
  jetstreamManager?(check: boolean): Promise<{
    streams: { info(stream: string): Promise<{ config: { duplicate_window?: number } }> };
  }>;
}

/**
 * The longest that a relay may be between two attempts to publish an event, in milliseconds: the longest pause after failures is 30 s, and
 * another process takes over 15 s after one was killed. The rest is for the attempt.
 */
const longestRetryMs = 60_000;

/** Looks once at each stream that has confirmed something, whether it remembers ids for as long as a relay may need to try again. */
export class DuplicateWindows {
  private readonly seen = new Set<string>();
  private closed = false;

  constructor(private readonly warn: (message: string) => void) {}

  /** In the background: nothing waits for it, and it can't make anything fail. */
  note(client: JetStreamPublisher, answer: unknown): void {
    const { stream } = (answer ?? {}) as { stream?: unknown };
    if (typeof stream !== 'string' || this.seen.has(stream)) return;
    this.seen.add(stream);
    this.closed = false;
    void this.look(client as JetStreamPublisher & StreamLookup, stream);
  }

  /** Says nothing of what is still being looked at: its connection is closed. */
  close(): void {
    this.closed = true;
  }

  private async look(client: StreamLookup, stream: string): Promise<void> {
    try {
      const manager = await client.jetstreamManager?.(false);
      if (!manager) return;
      const { config } = await manager.streams.info(stream);
      const windowMs = (config.duplicate_window ?? 0) / 1e6;
      if (windowMs >= longestRetryMs) return;
      this.warn(
        `Stream "${stream}" of NATS drops what is published again for ${windowMs / 1000} s only. A relay may try an event again after ${longestRetryMs / 1000} s, so the stream may hold it twice: nats stream edit ${stream} --dupe-window 2m`,
      );
    } catch (error) {
      if (this.closed) return;
      this.warn(
        `How long stream "${stream}" of NATS drops what is published again can't be seen: ${(error as Error).message}. It should be ${longestRetryMs / 1000} s or more (nats stream info ${stream}); the user of this publisher may not ask ($JS.API.STREAM.INFO.${stream}).`,
      );
    }
  }
}
