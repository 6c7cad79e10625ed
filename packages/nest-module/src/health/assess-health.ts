import type { Backstory, Stage } from '@backstory/adapter';
import type { BackstoryHealthThresholds } from './health-thresholds.js';

/** What was found, and what of it is beyond its threshold, in words. */
export interface BackstoryHealth {
  readonly lagSeconds: number;
  readonly failingSeconds: number;
  readonly parked: number;
  readonly drifted: number;
  /** Undefined when they were not looked for. */
  readonly faults?: number;
  readonly reasons: readonly string[];
}

/** Asks the database for all that the thresholds are about. */
export async function assessHealth(
  backstory: Backstory,
  {
    maxLagSeconds = 300,
    maxFailingSeconds = 300,
    maxParked = Infinity,
    maxDrifted = Infinity,
    maxFaults = 0,
  }: BackstoryHealthThresholds,
): Promise<BackstoryHealth> {
  const consumers = await backstory.consumers.list({ due: false });
  const aggregates = await backstory.status({ newest: 0 });
  const findings = maxFaults === Infinity ? undefined : await backstory.doctor();
  // what was proven is for maxDrifted to say
  const faults = findings?.filter(({ severity, proof }) => severity === 'fault' && !proof);
  const parkedOf = new Map(consumers.map(({ name, parked }) => [name, parked]));
  const figures = {
    lagSeconds: Math.max(0, ...consumers.map(({ lagSeconds }) => lagSeconds ?? 0)),
    failingSeconds: Math.max(0, ...consumers.map(({ failingSince }) => secondsSince(failingSince))),
    parked: [...parkedOf.values()].reduce((sum, parked) => sum + parked, 0),
    drifted: aggregates.reduce(
      (sum, { stage, verified, shadow, captureFailures }) =>
        sum +
        (verified?.drifted ?? 0) +
        (shadow?.drifted ?? 0) +
        (captureFailures?.statements ?? 0) +
        // where reads rely on events, a row without one differs from its replay; in capture its backfill may be still to come
        (isReadFromEvents(stage) ? (verified?.withoutFirstEvent ?? 0) : 0),
      0,
    ),
  };
  const { lagSeconds, failingSeconds, parked, drifted } = figures;
  return {
    ...figures,
    ...(faults && { faults: faults.length }),
    reasons: [
      ...(lagSeconds > maxLagSeconds ? [`a consumer is ${Math.round(lagSeconds)} s behind`] : []),
      ...(failingSeconds > maxFailingSeconds
        ? [`a consumer has tried one event again for ${Math.round(failingSeconds)} s`]
        : []),
      ...(parked > maxParked ? [`${parked} events are parked`] : []),
      ...(drifted > maxDrifted ? [`${drifted} streams have drifted`] : []),
      ...(faults && faults.length > maxFaults ? faults.map(({ problem }) => problem) : []),
    ],
  };
}

function isReadFromEvents(stage: Stage): boolean {
  return stage !== 'off' && stage !== 'capture';
}

function secondsSince(moment: Date | null): number {
  return moment ? (Date.now() - moment.getTime()) / 1000 : 0;
}
