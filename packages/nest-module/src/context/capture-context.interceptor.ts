import { currentContext, runInContext } from '@backstory/adapter';
import {
  type CallHandler,
  type ExecutionContext,
  Inject,
  Injectable,
  type NestInterceptor,
} from '@nestjs/common';
import { Observable } from 'rxjs';
import type { BackstoryModuleOptions } from '../backstory-module.options.js';
import { BACKSTORY_OPTIONS } from '../backstory.tokens.js';
import { askForContext } from './ask-for-context.js';
import { contextFromHeaders } from './context-from-headers.js';
import { extendContext } from './extend-context.js';
import { RequestContext } from './request-context.js';

/** Runs the handler of each request and message in its capture context, and adds what the application says of it. */
@Injectable()
export class CaptureContextInterceptor implements NestInterceptor {
  constructor(@Inject(BACKSTORY_OPTIONS) private readonly options: BackstoryModuleOptions) {}

  intercept(execution: ExecutionContext, next: CallHandler): Observable<unknown> {
    const context = contextOf(execution);
    const { context: ask } = this.options;
    if (ask) context.add(() => askForContext(() => ask(execution)));
    return new Observable((subscriber) =>
      runInContext(context.source, () => next.handle().subscribe(subscriber)),
    );
  }
}

function contextOf(execution: ExecutionContext): RequestContext {
  if (execution.getType() === 'http') {
    const request = execution.switchToHttp().getRequest<{ raw?: object }>();
    return RequestContext.ofHttp(request.raw ?? request);
  }
  // A GraphQL resolver is inside of an HTTP request and keeps its ids; a message has none.
  const outer = currentContext();
  return new RequestContext(() => extendContext(contextFromHeaders(undefined), outer));
}
