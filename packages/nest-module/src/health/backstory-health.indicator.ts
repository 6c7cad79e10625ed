import { Backstory } from '@backstory/adapter';
import { Inject, Injectable } from '@nestjs/common';
import { ModulesContainer } from '@nestjs/core';
import { OWN_BACKSTORY } from '../backstory.tokens.js';
import { assessHealth, type BackstoryHealth } from './assess-health.js';
import type { BackstoryHealthThresholds } from './health-thresholds.js';

/** As `@nestjs/terminus` wants it. */
export type BackstoryHealthResult<Key extends string = string> = Record<
  Key,
  { status: 'up' | 'down' } & Partial<BackstoryHealth>
>;

/**
 * A health indicator for `@nestjs/terminus` 10, 11 and 12, which is not needed otherwise. Asks the database some
 * forty small queries, thirty of them on its catalogue for `maxFaults`. For readiness and alarms; a liveness probe would restart the application for what a restart
 * doesn't mend.
 * @example
 * await health.check([() => indicator.check('backstory', { maxLagSeconds: 60, maxParked: 0 })]);
 */
@Injectable()
export class BackstoryHealthIndicator {
  constructor(
    @Inject(OWN_BACKSTORY) private readonly backstory: Backstory,
    @Inject(ModulesContainer) private readonly modules: ModulesContainer,
  ) {}

  /** Resolves with `up` or `down` and the figures; with Terminus 10, `down` is an error that it understands. */
  async check<Key extends string = 'backstory'>(
    key: Key = 'backstory' as Key,
    thresholds: BackstoryHealthThresholds = {},
  ): Promise<BackstoryHealthResult<Key>> {
    const health = await withinTime(assessHealth(this.backstory, thresholds), thresholds.timeoutMs ?? 5_000);
    const { reasons = [], ...figures } = health;
    const status = reasons.length === 0 ? 'up' : 'down';
    const details = { status, ...figures, ...(reasons.length > 0 && { reasons }) };
    const result = { [key]: details } as BackstoryHealthResult<Key>;
    if (status === 'down' && this.wantsErrors()) {
      throw Object.assign(new Error(reasons.join('; ')), { isHealthCheckError: true, causes: result });
    }
    return result;
  }

  /** Terminus 10 takes everything that is returned for healthy. Its later versions have a service that makes results. */
  private wantsErrors(): boolean {
    const providers = [...this.modules.values()].flatMap((module) => [...module.providers.keys()]);
    const has = (name: string): boolean =>
      providers.some((token) => typeof token === 'function' && token.name === name);
    return has('HealthCheckService') && !has('HealthIndicatorService');
  }
}

/** A database that can't be asked is a reason, too. */
async function withinTime(
  health: Promise<BackstoryHealth>,
  timeoutMs: number,
): Promise<Partial<BackstoryHealth>> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`no answer in ${timeoutMs} ms`)), timeoutMs);
  });
  try {
    return await Promise.race([health, late]);
  } catch (error) {
    const { message } = error as Error;
    return { reasons: [`the database can't be asked: ${message}`] };
  } finally {
    clearTimeout(timer);
    health.catch(() => undefined);
  }
}
