import { randomUUID } from 'node:crypto';
import type { CaptureContext } from '@backstory/adapter';

/** Longer header values are cut: they go into every event of the request. */
const longestValue = 200;

/** W3C Trace Context: what doesn't look like this is to be ignored. */
const traceparentFormat = /^(?!ff)[\da-f]{2}-(?!0{32})[\da-f]{32}-(?!0{16})[\da-f]{16}-[\da-f]{2}(?:-|$)/;

/** Correlation id and trace from an HTTP request's headers; a new correlation id where there is none. */
export function contextFromHeaders(headers: Record<string, unknown> | undefined): CaptureContext {
  const correlationId =
    text(headers?.['x-correlation-id']) ?? text(headers?.['x-request-id']) ?? randomUUID();
  const traceparent = text(headers?.['traceparent']);
  return { correlationId, ...(traceparent && traceparentFormat.test(traceparent) && { traceparent }) };
}

function text(header: unknown): string | undefined {
  return typeof header === 'string' && header !== '' ? header.slice(0, longestValue) : undefined;
}
