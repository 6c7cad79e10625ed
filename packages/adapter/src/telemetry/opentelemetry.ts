/**
 * `@backstory/adapter/opentelemetry`: spans and metrics for OpenTelemetry.
 * @module opentelemetry
 */
import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { inspect } from 'node:util';
import {
  type Attributes,
  context,
  type Link,
  type Meter,
  type MeterProvider,
  metrics,
  type Observable,
  SpanKind,
  SpanStatusCode,
  trace,
  type Tracer,
  type TracerProvider,
} from '@opentelemetry/api';
import type { Backstory } from '../backstory/index.js';
import type { CaptureFailure, Operation, OperationAttributes } from '../observation/index.js';
import { databaseGauges } from './database-gauges.js';
import { operationMetrics } from './operation-metrics.js';
import { cachedReading, type ReadingOptions } from './reading.js';
import { spanContextOf } from './traceparent.js';

export { activeTraceparent } from './traceparent.js';

export interface BackstoryTelemetryOptions extends ReadingOptions {
  /** @defaultValue the global one; `false` for no spans */
  tracerProvider?: TracerProvider | false;
  /** @defaultValue the global one; `false` for no metrics */
  meterProvider?: MeterProvider | false;
}

const scope = '@backstory/adapter';

/**
 * Makes spans of what Backstory does in this process (replays, comparisons, batches and handlers of consumers, backfill,
 * verify, snapshots), each in the context in which its work runs and linked to the traces of the events that it is for; and
 * the same metrics as `backstoryMetrics`. Register the SDK first.
 * @returns ends it
 * @example
 * const end = backstoryTelemetry(backstory);
 */
export function backstoryTelemetry(
  backstory: Backstory,
  { tracerProvider = trace, meterProvider = metrics, ...options }: BackstoryTelemetryOptions = {},
): () => void {
  const ends = [
    ...(tracerProvider ? [makeSpans(tracerProvider.getTracer(scope))] : []),
    ...(meterProvider ? makeMetrics(meterProvider.getMeter(scope), backstory, options) : []),
  ];
  return () => ends.forEach((end) => end());
}

function makeSpans(tracer: Tracer): () => void {
  return onMessage<Operation>('backstory:operation', (operation) => {
    const { name, attributes, traceparents = [] } = operation;
    const span = tracer.startSpan(`backstory.${name}`, {
      kind: name === 'handle' || name === 'deliver' ? SpanKind.CONSUMER : SpanKind.INTERNAL,
      attributes: named(attributes),
      links: traceparents.flatMap((traceparent): Link[] => {
        const linked = spanContextOf(traceparent);
        return linked ? [{ context: linked }] : [];
      }),
    });
    const inside = trace.setSpan(context.active(), span);
    operation.runInside((work) => context.with(inside, work));
    operation.onEnd(({ attributes: outcome, error }) => {
      span.setAttributes(named(outcome));
      if (error !== undefined) {
        const failure = error instanceof Error ? error : new Error(inspect(error));
        span.recordException(failure);
        span.setStatus({ code: SpanStatusCode.ERROR, message: failure.message });
      }
      span.end();
    });
  });
}

function named(attributes: OperationAttributes): Attributes {
  return Object.fromEntries(Object.entries(attributes).map(([name, value]) => [`backstory.${name}`, value]));
}

function makeMetrics(meter: Meter, backstory: Backstory, options: ReadingOptions): (() => void)[] {
  return [observeDatabase(meter, backstory, options), countOperations(meter), countCaptureErrors(meter)];
}

function observeDatabase(meter: Meter, backstory: Backstory, options: ReadingOptions): () => void {
  const read = cachedReading(backstory, options);
  const up = meter.createObservableGauge('backstory.up', {
    description: '1 when the database could be asked for the other figures',
  });
  const gauges = databaseGauges.map(({ name, help, values }) => ({
    values,
    gauge: meter.createObservableGauge(`backstory.${name}`, { description: help }),
  }));
  const observables: Observable[] = [up, ...gauges.map(({ gauge }) => gauge)];
  const observe: Parameters<Meter['addBatchObservableCallback']>[0] = async (result) => {
    const reading = await read().catch(() => undefined);
    result.observe(up, reading ? 1 : 0);
    if (!reading) return;
    for (const { gauge, values } of gauges) {
      for (const [labels, value] of values(reading)) result.observe(gauge, value, labels);
    }
  };
  meter.addBatchObservableCallback(observe, observables);
  return () => meter.removeBatchObservableCallback(observe, observables);
}

function countOperations(meter: Meter): () => void {
  const observers = operationMetrics.map(({ name, help, kind, of, values }) => {
    const description = { description: help };
    const counter = kind === 'counter' ? meter.createCounter(`backstory.${name}`, description) : undefined;
    const histogram =
      kind === 'histogram'
        ? meter.createHistogram(`backstory.${name}`, { ...description, unit: 's' })
        : undefined;
    return {
      of,
      note: (...given: Parameters<typeof values>) => {
        for (const [labels, value] of values(...given)) {
          counter?.add(value, labels);
          histogram?.record(value, labels);
        }
      },
    };
  });
  return onMessage<Operation>('backstory:operation', ({ name, attributes, onEnd }) => {
    const own = observers.filter(({ of }) => of === name);
    if (own.length > 0) onEnd((end) => own.forEach(({ note }) => note(attributes, end)));
  });
}

function countCaptureErrors(meter: Meter): () => void {
  const errors = meter.createCounter('backstory.capture_errors', {
    description: 'Statements of this process that failed inside capture, by SQLSTATE',
  });
  return onMessage<CaptureFailure>('backstory:capture-error', ({ code }) => errors.add(1, { code }));
}

function onMessage<Message>(channel: string, listen: (message: Message) => void): () => void {
  const onEach = (message: unknown): void => listen(message as Message);
  subscribe(channel, onEach);
  return () => unsubscribe(channel, onEach);
}
