import { hostname } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import type { ConsumerStatus } from '../outbox/index.js';

const everyMs = 250;
const msUntilStuck = 750;

/**
 * Says what a relay of this process waits for, and when it goes on: another process that has it, a broker that doesn't answer, no event.
 * What a broker has refused it with, the logger says.
 */
export class RelayWatch {
  private readonly own = `${hostname()}:${process.pid}`;
  /** What it waits for, as it was said. */
  private waits: string | undefined;
  /** That it waits for events only. */
  private isIdle = false;
  private position: string | undefined;
  private movedAt = performance.now();

  constructor(
    private readonly name: string,
    private readonly say: (line: string) => void,
    /** Whether it waits for events that are not there yet. */
    private saysIdle: boolean,
  ) {}

  /** Until the signal. A look that fails is none: the workers tell of a database that is away. */
  async watch(look: () => Promise<readonly ConsumerStatus[]>, signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      await sleep(everyMs, undefined, { signal }).catch(() => undefined);
      const found = signal.aborted ? [] : await look().catch(() => []);
      const partitions = found.filter(({ name }) => name === this.name);
      const status = this.ofThisProcess(partitions);
      if (status && !signal.aborted) this.see(status, partitions.length);
    }
  }

  /** Of the partitions that it has the one that fails, or is behind the others. */
  private ofThisProcess(partitions: readonly ConsumerStatus[]): ConsumerStatus | undefined {
    const own = partitions.filter(({ worker }) => worker === this.own);
    const behind = (one: ConsumerStatus, other: ConsumerStatus): ConsumerStatus =>
      BigInt(other.position) < BigInt(one.position) ? other : one;
    return own.find(({ error }) => error !== null) ?? (own[0] ? own.reduce(behind) : partitions[0]);
  }

  private see(status: ConsumerStatus, partitions: number): void {
    const { position, worker, error, lag } = status;
    const moved = this.position !== undefined && position !== this.position;
    if (moved || this.position === undefined || lag === 0) this.movedAt = performance.now();
    this.position = position;
    if (worker !== this.own)
      return this.wait(
        worker === null
          ? `"${this.name}" waits for its turn: nobody has it just now.`
          : `"${this.name}" waits: ${worker} publishes it. This process goes on when ${partitions > 1 ? 'it gets a share of the partitions' : 'that one ends'}.`,
      );
    if (error !== null) {
      this.isIdle = false;
      this.waits = error;
      return;
    }
    if (performance.now() - this.movedAt > msUntilStuck)
      return this.wait(
        `"${this.name}" waits at position ${position}: the broker has confirmed nothing yet of at most ${lag} events.`,
      );
    if (lag === 0 && this.saysIdle && this.waits === undefined) {
      this.wait(`"${this.name}" waits for events: there are none behind position ${position}.`);
      this.isIdle = true;
    } else if (this.waits !== undefined && (!this.isIdle || moved)) {
      this.say(`"${this.name}" goes on, at position ${position}.`);
      this.waits = undefined;
    }
    this.saysIdle = false;
  }

  private wait(line: string): void {
    this.isIdle = false;
    if (line !== this.waits) this.say(line);
    this.waits = line;
  }
}
