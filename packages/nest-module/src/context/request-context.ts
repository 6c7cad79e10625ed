import type { CaptureContext } from '@backstory/adapter';
import { contextFromHeaders } from './context-from-headers.js';
import { extendContext } from './extend-context.js';

/** On the request itself, by `Symbol.for`: the CommonJS and the ESM copy of this package find the same. */
const key = Symbol.for('backstory:RequestContext');

interface HttpRequest {
  readonly headers?: Record<string, unknown>;
  [key]?: RequestContext;
}

/**
 * The capture context of one request. It is asked at the first write, so a read pays next to nothing. Its ids are there
 * from the start; what the application says is added when the handler's turn comes, and then also holds for what runs
 * outside of the handler: exception filters and streams.
 */
export class RequestContext {
  /** The context of a request that comes over HTTP, the same one however often it is asked for. */
  static ofHttp(request: HttpRequest): RequestContext {
    return (request[key] ??= new RequestContext(() => contextFromHeaders(request.headers)));
  }

  private ids: CaptureContext | undefined;
  private known: CaptureContext | undefined;
  private readonly additions: (() => CaptureContext | undefined)[] = [];

  constructor(private readonly readIds: () => CaptureContext) {}

  add(addition: () => CaptureContext | undefined): void {
    this.additions.push(addition);
    this.known = undefined;
  }

  readonly source = (): CaptureContext => {
    this.ids ??= this.readIds();
    return (this.known ??= this.additions.reduce(
      (context, addition) => extendContext(context, addition()),
      this.ids,
    ));
  };
}
