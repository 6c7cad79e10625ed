import { runInContext } from '@backstory/adapter';
import type { HttpServer } from '@nestjs/common';
import { RequestContext } from './request-context.js';

type Next = () => void;

interface Fastify {
  addHook(
    name: 'preValidation',
    hook: (request: { raw: object }, reply: unknown, done: Next) => void,
  ): unknown;
}

/**
 * Opens the context of each HTTP request in front of Nest's own layers: what middleware, guards and exception filters
 * write has the request's ids, too. Past the router, so neither a global prefix nor the form of wildcards matters.
 */
export function openHttpContexts(server: HttpServer): void {
  const type = server.getType?.();
  if (type !== 'express' && type !== 'fastify') return;
  server.use((request: object, _response: unknown, next: Next) => inContextOf(request, next));
  if (type === 'fastify') {
    // Fastify goes on from an event of the socket after it has read a body, and has lost the context by then.
    const fastify = server.getInstance() as Fastify;
    fastify.addHook('preValidation', (request, _reply, done) => inContextOf(request.raw, done));
  }
}

function inContextOf(request: object, next: Next): void {
  runInContext(RequestContext.ofHttp(request).source, () => next());
}
