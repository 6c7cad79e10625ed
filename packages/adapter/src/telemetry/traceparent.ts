import { context, type SpanContext, trace } from '@opentelemetry/api';

const format = /^(?!ff)[\da-f]{2}-((?!0{32})[\da-f]{32})-((?!0{16})[\da-f]{16})-([\da-f]{2})(?:-|$)/;

/** What a W3C traceparent names; undefined for what isn't one. */
export function spanContextOf(traceparent: string): SpanContext | undefined {
  const [, traceId, spanId, flags] = format.exec(traceparent) ?? [];
  if (traceId === undefined || spanId === undefined || flags === undefined) return undefined;
  return { traceId, spanId, traceFlags: parseInt(flags, 16), isRemote: true };
}

/**
 * The active span as a W3C traceparent, for the capture context: events are then linked to the span that wrote them, and not
 * to the one that called the service.
 * @example BackstoryModule.forRoot({ context: () => ({ traceparent: activeTraceparent() }) })
 */
export function activeTraceparent(): string | undefined {
  const span = trace.getSpanContext(context.active());
  if (!span) return undefined;
  return `00-${span.traceId}-${span.spanId}-${span.traceFlags.toString(16).padStart(2, '0')}`;
}
