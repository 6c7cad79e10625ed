import { type CaptureContext, runInContext } from '@backstory/adapter';
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
import { contextFromRequest } from './context-from-request.js';

/** Runs each request's handler in a capture context, made at the request's first write: a read pays next to nothing. */
@Injectable()
export class CaptureContextInterceptor implements NestInterceptor {
  constructor(@Inject(BACKSTORY_OPTIONS) private readonly options: BackstoryModuleOptions) {}

  intercept(execution: ExecutionContext, next: CallHandler): Observable<unknown> {
    let context: CaptureContext | undefined;
    const source = (): CaptureContext =>
      (context ??= { ...contextFromRequest(execution), ...this.options.context?.(execution) });
    return new Observable((subscriber) => runInContext(source, () => next.handle().subscribe(subscriber)));
  }
}
