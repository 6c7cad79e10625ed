import { createHash } from 'node:crypto';
import { BackstoryError } from '@backstory/adapter';
import { HttpException, Logger } from '@nestjs/common';
import type { AbstractHttpAdapter } from '@nestjs/core';

/** What Express and Fastify have in common. */
export interface DashboardRequest {
  readonly url: string;
  readonly originalUrl?: string;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly query?: Readonly<Record<string, unknown>>;
}

/** Nothing from elsewhere, nothing inline, in nobody's frame. */
const securityHeaders = {
  'Content-Security-Policy':
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; " +
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
  'X-Content-Type-Options': 'nosniff',
  'X-Frame-Options': 'DENY',
  'Referrer-Policy': 'no-referrer',
  'Cross-Origin-Resource-Policy': 'same-origin',
};

const logger = new Logger('Backstory');

/**
 * Writes an answer itself, through Nest's adapter: interceptors and filters of the application, which may wrap what its own
 * controllers return, don't change it.
 */
export class DashboardAnswer {
  constructor(
    private readonly adapter: AbstractHttpAdapter,
    private readonly request: DashboardRequest,
    private readonly response: unknown,
  ) {}

  /** Kept by the browser, but asked for each time. */
  file(type: string, content: string): void {
    this.send(200, type, content, 'no-cache');
  }

  /** Data are kept nowhere. What the page has already is not sent again: it asks every few seconds. */
  async json(ask: () => unknown): Promise<void> {
    try {
      this.send(200, 'application/json', JSON.stringify((await ask()) ?? null), 'no-store');
    } catch (error) {
      if (error instanceof HttpException) throw error;
      const { status, ...problem } = problemOf(error);
      this.send(status, 'application/json', JSON.stringify(problem), 'no-store');
    }
  }

  private send(status: number, type: string, body: string, cache: string): void {
    const etag = `"${createHash('sha256').update(body).digest('base64url').slice(0, 22)}"`;
    const headers = { ...securityHeaders, 'Cache-Control': cache, ...(status === 200 && { ETag: etag }) };
    for (const [name, value] of Object.entries(headers)) this.adapter.setHeader(this.response, name, value);
    if (status === 200 && this.request.headers['if-none-match'] === etag) {
      return void this.adapter.reply(this.response, '', 304);
    }
    this.adapter.setHeader(this.response, 'Content-Type', `${type}; charset=utf-8`);
    this.adapter.reply(this.response, body, status);
  }
}

function problemOf(error: unknown): { status: number; code: string; message: string; remedy?: string } {
  if (!BackstoryError.is(error)) {
    logger.error('The dashboard could not answer', error instanceof Error ? error.stack : String(error));
    return { status: 500, code: 'FAILED', message: 'That failed. The log of the application says why.' };
  }
  const { code, remedy } = error;
  const [message = code] = error.message.split('\n  What to do: ');
  return { status: statusOf(code), code, message, remedy };
}

function statusOf(code: BackstoryError['code']): number {
  if (code === 'UNKNOWN_CATEGORY' || code === 'UNKNOWN_CONSUMER' || code === 'UNKNOWN_TENANT') return 404;
  if (code === 'INVALID_OPTIONS') return 400;
  if (code === 'QUERY_TIMED_OUT' || code === 'DATABASE_UNREACHABLE') return 503;
  return 409;
}
