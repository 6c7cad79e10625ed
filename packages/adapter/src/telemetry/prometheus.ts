/**
 * `@backstory/adapter/prometheus`: metrics for prom-client.
 * @module prometheus
 */
import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { Counter, Gauge, Histogram, register as globalRegister, type Registry } from 'prom-client';
import type { Backstory } from '../backstory/index.js';
import type { CaptureFailure, Operation } from '../observation/index.js';
import { databaseGauges } from './database-gauges.js';
import { operationMetrics } from './operation-metrics.js';
import { cachedReading, type ReadingOptions } from './reading.js';

export interface BackstoryMetricsOptions extends ReadingOptions {
  /** Where the metrics go. One Backstory for each registry. @defaultValue prom-client's global one */
  register?: Registry;
}

/** From a tenth of a millisecond, a fold of few events, to ten seconds. */
const buckets = [0.0001, 0.0003, 0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1, 3, 10];

/**
 * Adds Backstory's metrics to a registry of prom-client. What comes from the database (stages, backfill, drift, consumers)
 * is read when the registry is scraped, at most every `cacheMs`; a scrape never fails for it: `backstory_up` is 0 then.
 * What happens in this process (replays, comparisons, handlers, capture errors) is counted from here on.
 * @returns takes the metrics away again
 * @example
 * const stop = backstoryMetrics(backstory, { register });
 * app.get('/metrics', async (_, response) => response.type(register.contentType).send(await register.metrics()));
 */
export function backstoryMetrics(
  backstory: Backstory,
  { register = globalRegister, ...options }: BackstoryMetricsOptions = {},
): () => void {
  const added = [...addGauges(backstory, register, options), ...addOperationMetrics(register)];
  const captureErrors = new Counter({
    name: 'backstory_capture_errors_total',
    help: 'Statements of this process that failed inside capture, by SQLSTATE',
    labelNames: ['code'],
    registers: [register],
  });
  const onCaptureError = (message: unknown): void =>
    captureErrors.inc({ code: (message as CaptureFailure).code });
  subscribe('backstory:capture-error', onCaptureError);
  return () => {
    unsubscribe('backstory:capture-error', onCaptureError);
    added.forEach((remove) => remove());
    register.removeSingleMetric('backstory_capture_errors_total');
  };
}

function addGauges(backstory: Backstory, register: Registry, options: ReadingOptions): (() => void)[] {
  const read = cachedReading(backstory, options);
  for (const { name, help, labels, values } of databaseGauges) {
    const gauge: Gauge = new Gauge({
      name: `backstory_${name}`,
      help,
      labelNames: labels,
      registers: [register],
      collect: async () => {
        const reading = await read().catch(() => undefined);
        gauge.reset();
        for (const [of, value] of reading ? values(reading) : []) gauge.set(of, value);
        // without labels, reset leaves a 0 that nobody has read
        if (!reading && labels.length === 0) gauge.remove();
      },
    });
  }
  const up: Gauge = new Gauge({
    name: 'backstory_up',
    help: '1 when the database could be asked for the other figures',
    registers: [register],
    collect: async () => {
      const reading = await read().catch(() => undefined);
      up.set(reading ? 1 : 0);
    },
  });
  const names = [...databaseGauges.map(({ name }) => name), 'up'];
  return names.map((name) => () => register.removeSingleMetric(`backstory_${name}`));
}

function addOperationMetrics(register: Registry): (() => void)[] {
  const observers = operationMetrics.map(({ name, help, kind, of, labels, values }) => {
    const fullName = `backstory_${name}${kind === 'counter' ? '_total' : ''}`;
    const settings = { name: fullName, help, labelNames: labels, registers: [register] };
    const metric = kind === 'counter' ? new Counter(settings) : new Histogram({ ...settings, buckets });
    const add = (value: readonly [Record<string, string>, number]): void =>
      metric instanceof Counter ? metric.inc(...value) : metric.observe(...value);
    return { fullName, of, note: (...given: Parameters<typeof values>) => values(...given).forEach(add) };
  });
  const onOperation = (message: unknown): void => {
    const { name, attributes, onEnd } = message as Operation;
    const own = observers.filter(({ of }) => of === name);
    if (own.length > 0) onEnd((end) => own.forEach(({ note }) => note(attributes, end)));
  };
  subscribe('backstory:operation', onOperation);
  return [
    () => unsubscribe('backstory:operation', onOperation),
    ...observers.map(
      ({ fullName }) =>
        () =>
          register.removeSingleMetric(fullName),
    ),
  ];
}
