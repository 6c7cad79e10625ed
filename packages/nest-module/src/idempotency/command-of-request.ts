import { createHash } from 'node:crypto';
import { currentContext, InvalidOptionsError } from '@backstory/adapter';
import { BadRequestException, type ExecutionContext } from '@nestjs/common';
import type { IdempotencyKeyOptions } from './idempotency-key.options.js';
import { keyOfHeader } from './key-of-header.js';
import type { RequestedCommand } from './requested-command.js';

interface HttpRequest {
  readonly method: string;
  readonly url: string;
  /** Of Express, whose `url` is that behind the router. */
  readonly originalUrl?: string;
  readonly headers: Readonly<Record<string, unknown>>;
  readonly body?: unknown;
}

/** What a command of this request is known by: its id tells who asks for what, and the fingerprint with what. */
export function commandOfRequest(
  { required = true, scope }: IdempotencyKeyOptions,
  execution: ExecutionContext,
): RequestedCommand {
  if (execution.getType() !== 'http') {
    throw new InvalidOptionsError(
      '@IdempotencyKey is for requests over HTTP, and this is none.',
      'Give { commandId } of what the message has: its id, and the name of the command.',
    );
  }
  const request = execution.switchToHttp().getRequest<HttpRequest>();
  const key = keyOfHeader(request.headers['idempotency-key']);
  if (key === undefined) {
    if (!required) return {};
    throw new BadRequestException(
      'This request needs a header Idempotency-Key: a text that is the same when it is sent again, and another for each other request.',
    );
  }
  const asking = scope ? scope(execution) : currentContext()?.actor;
  if (typeof asking !== 'string' || asking === '') {
    throw new InvalidOptionsError(
      'Nobody says who makes a request with an Idempotency-Key, so whoever knows the key of another would get that result.',
      'Say who it is: "actor" in "context" of BackstoryModule.forRoot(), or @IdempotencyKey({ scope: (execution) => … }). Where anybody may: scope: () => \'anybody\'.',
    );
  }
  const url = request.originalUrl ?? request.url;
  const [path = '', query = ''] = url.split(/\?(.*)/s);
  const commandId = `idempotency-key ${hash([asking, request.method, path, key])}`;
  // the key is its salt: what was asked for can't be guessed from it
  return { commandId, commandFingerprint: hash([key, asking, query, request.body ?? null]) };
}

function hash(content: unknown): string {
  return createHash('sha256').update(JSON.stringify(content, inOneOrder)).digest('base64url');
}

/** The order of an object's properties says nothing. */
function inOneOrder(_name: string, value: unknown): unknown {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value;
  return Object.fromEntries(Object.entries(value).sort(([one], [other]) => (one < other ? -1 : 1)));
}
