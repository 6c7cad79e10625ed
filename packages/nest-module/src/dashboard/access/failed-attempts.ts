import { setTimeout } from 'node:timers/promises';
import { HttpException } from '@nestjs/common';

const longestDelayMs = 5_000;
/** Failures of an address are forgotten after so long without one. */
const forgottenAfterMs = 15 * 60_000;
/** Attempts of one address that may be looked at at once. */
const mostAtOnce = 3;
/** Addresses that are remembered: the oldest make room. */
const mostAddresses = 10_000;

interface Failures {
  times: number;
  lastAt: number;
  waiting: number;
}

/**
 * Wrong secrets by address. Each is answered later than the one before, up to five seconds, and an address that has as many answers to wait for as
 * it may is refused without a look: so it can't guess faster by asking more at once.
 */
export class FailedAttempts {
  private readonly addresses = new Map<string, Failures>();

  /** @throws HttpException 429 */
  requireTurn(address: string): void {
    if ((this.addresses.get(address)?.waiting ?? 0) < mostAtOnce) return;
    throw new HttpException('Too many wrong answers: try again in some seconds.', 429);
  }

  /** Waits, before it is said that a secret was wrong. */
  async delay(address: string): Promise<void> {
    const failures = this.of(address);
    failures.times++;
    failures.lastAt = Date.now();
    failures.waiting++;
    try {
      await setTimeout(Math.min(100 * 2 ** (failures.times - 1), longestDelayMs));
    } finally {
      failures.waiting--;
    }
  }

  private of(address: string): Failures {
    const known = this.addresses.get(address);
    const isFresh = known && (known.waiting > 0 || Date.now() - known.lastAt < forgottenAfterMs);
    const failures = isFresh ? known : { times: 0, lastAt: 0, waiting: 0 };
    this.addresses.delete(address);
    const [oldest] = this.addresses.keys();
    if (oldest !== undefined && this.addresses.size >= mostAddresses) this.addresses.delete(oldest);
    this.addresses.set(address, failures);
    return failures;
  }
}
