import { randomUUID } from 'node:crypto';
import type { CaptureContext } from '@backstory/adapter';
import type { ExecutionContext } from '@nestjs/common';

/** Longer header values are cut: they go into every event of the request. */
const longestValue = 200;

/** Correlation id and trace from an HTTP request's headers; a new correlation id where there is none. */
export function contextFromRequest(execution: ExecutionContext): CaptureContext {
  const headers =
    execution.getType() === 'http'
      ? (execution.switchToHttp().getRequest<{ headers?: Record<string, unknown> }>().headers ?? {})
      : {};
  const correlationId = text(headers['x-correlation-id']) ?? text(headers['x-request-id']) ?? randomUUID();
  const traceparent = text(headers['traceparent']);
  return { correlationId, ...(traceparent && { traceparent }) };
}

function text(header: unknown): string | undefined {
  return typeof header === 'string' && header !== '' ? header.slice(0, longestValue) : undefined;
}
