import { type Backstory, createBackstory, onEvent } from '@backstory/adapter';
import { activeTraceparent, backstoryTelemetry } from '@backstory/adapter/opentelemetry';
import { context, SpanKind, SpanStatusCode, trace } from '@opentelemetry/api';
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks';
import {
  AggregationTemporality,
  InMemoryMetricExporter,
  MeterProvider,
  PeriodicExportingMetricReader,
} from '@opentelemetry/sdk-metrics';
import {
  BasicTracerProvider,
  InMemorySpanExporter,
  type ReadableSpan,
  SimpleSpanProcessor,
} from '@opentelemetry/sdk-trace-base';
import { Author } from '../../library/entities.js';
import { type Library, openLibrary } from '../../library/open-library.js';

describe('OpenTelemetry', () => {
  const spans = new InMemorySpanExporter();
  const tracerProvider = new BasicTracerProvider({ spanProcessors: [new SimpleSpanProcessor(spans)] });
  const tracer = tracerProvider.getTracer('application');
  let library: Library;
  let backstory: Backstory;
  let end: () => void;

  beforeAll(() => {
    context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());
  });

  afterAll(() => {
    context.disable();
  });

  beforeEach(async () => {
    library = await openLibrary();
    spans.reset();
  });

  afterEach(async () => {
    end();
    await backstory.close();
    await library.close();
  });

  async function open(options: Parameters<typeof createBackstory>[1] = {}): Promise<void> {
    backstory = await createBackstory(library.dataSource, { aggregates: [Author], ...options });
    end = backstoryTelemetry(backstory, { tracerProvider, meterProvider: false });
  }

  const save = (name: string): Promise<Author> =>
    library.dataSource.manager.save(Author, { name, home: { street: null, city: null } } as Author);

  function named(name: string): ReadableSpan[] {
    return spans.getFinishedSpans().filter((span) => span.name === name);
  }

  it('makes spans of backfill, verify and comparisons, with what they came to', async () => {
    await save('a');
    await open();
    await backstory.backfill();
    await backstory.verify();
    await backstory.stages.set('author', 'shadow');
    await library.dataSource.manager.find(Author);
    await backstory.shadowSettled();
    expect(named('backstory.backfill')[0]?.attributes).toEqual({
      'backstory.category': 'author',
      'backstory.rows': 1,
      'backstory.events': 1,
      'backstory.completed': true,
    });
    expect(named('backstory.verify')[0]?.attributes).toMatchObject({
      'backstory.rows': 1,
      'backstory.drifted': 0,
    });
    expect(named('backstory.compare')[0]?.attributes).toMatchObject({
      'backstory.streams': 1,
      'backstory.drifted': 0,
    });
  });

  it('makes the span of a replayed read a child of what the application does', async () => {
    await open();
    const { id } = await save('a');
    await backstory.stages.set('author', 'replay', { force: true });
    const parent = tracer.startSpan('request');
    await context.with(trace.setSpan(context.active(), parent), () =>
      library.dataSource.manager.findOneByOrFail(Author, { id }),
    );
    parent.end();
    const [replay] = named('backstory.replay');
    expect(replay?.parentSpanContext?.spanId).toBe(parent.spanContext().spanId);
    expect(replay?.attributes).toMatchObject({ 'backstory.category': 'author', 'backstory.streams': 1 });
    expect(replay?.kind).toBe(SpanKind.INTERNAL);
  });

  it('runs handlers in their span, in that of their batch, and links both to the trace of the event', async () => {
    await open({ consumers: { pollMs: 10 } });
    const active: (string | undefined)[] = [];
    backstory.consumers.define({
      name: 'mailer',
      attempts: 1,
      handlers: [
        onEvent('AuthorCreated', () => {
          active.push(trace.getActiveSpan()?.spanContext().spanId);
          throw new Error('no letter today');
        }),
      ],
    });
    await backstory.consumers.start();
    const request = tracer.startSpan('request');
    await context.with(trace.setSpan(context.active(), request), () =>
      backstory.runInContext({ traceparent: activeTraceparent() as string }, () => save('a')),
    );
    await backstory.consumers.wait('mailer');
    const [handle] = named('backstory.handle');
    const [deliver] = named('backstory.deliver');
    expect(active).toEqual([handle?.spanContext().spanId]);
    expect(handle?.parentSpanContext?.spanId).toBe(deliver?.spanContext().spanId);
    for (const span of [handle, deliver]) {
      expect(span?.links.map((link) => link.context)).toEqual([{ ...request.spanContext(), isRemote: true }]);
      expect(span?.kind).toBe(SpanKind.CONSUMER);
    }
    expect(handle?.attributes).toMatchObject({
      'backstory.consumer': 'mailer',
      'backstory.type': 'AuthorCreated',
      'backstory.stream': 'author-1',
      'backstory.attempt': 1,
    });
    expect(handle?.status).toEqual({ code: SpanStatusCode.ERROR, message: 'no letter today' });
    expect(handle?.events[0]?.name).toBe('exception');
    request.end();
  });

  it('says no traceparent outside of a span, and links to none that is malformed', async () => {
    expect(activeTraceparent()).toBeUndefined();
    await open({ consumers: { pollMs: 10 } });
    const handlers = [onEvent('AuthorCreated', () => undefined)];
    backstory.consumers.define({ name: 'mailer', handlers });
    await backstory.consumers.start();
    await backstory.runInContext({ traceparent: '00-zz-1' }, () => save('a'));
    await backstory.consumers.wait('mailer');
    expect(named('backstory.handle')[0]?.links).toEqual([]);
  });

  it('exports the metrics of Prometheus under its own names', async () => {
    await open({ consumers: { pollMs: 10 } });
    const exporter = new InMemoryMetricExporter(AggregationTemporality.CUMULATIVE);
    const reader = new PeriodicExportingMetricReader({ exporter, exportIntervalMillis: 3_600_000 });
    const meterProvider = new MeterProvider({ readers: [reader] });
    const stop = backstoryTelemetry(backstory, { tracerProvider: false, meterProvider, cacheMs: 0 });
    const { id } = await save('a');
    await backstory.stages.set('author', 'replay', { force: true });
    await library.dataSource.manager.findOneByOrFail(Author, { id });
    await meterProvider.forceFlush();
    const points = (name: string): { attributes: object; value: unknown }[] =>
      exporter
        .getMetrics()
        .at(-1)
        ?.scopeMetrics.flatMap((scope) => scope.metrics)
        .find(({ descriptor }) => descriptor.name === name)?.dataPoints ?? [];
    expect(points('backstory.up')).toMatchObject([{ value: 1 }]);
    expect(points('backstory.stage')).toContainEqual(
      expect.objectContaining({ attributes: { category: 'author', stage: 'replay' }, value: 1 }),
    );
    expect(points('backstory.last_position')).toMatchObject([{ value: 1 }]);
    expect(points('backstory.replayed_events')).toMatchObject([{ value: 1 }]);
    expect(points('backstory.replay_seconds')).toMatchObject([{ value: { count: 1 } }]);

    stop();
    await library.dataSource.manager.findOneByOrFail(Author, { id });
    await meterProvider.forceFlush();
    expect(points('backstory.replayed_events')).toMatchObject([{ value: 1 }]);
    await meterProvider.shutdown();
  });
});
