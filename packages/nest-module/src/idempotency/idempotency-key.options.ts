import type { ExecutionContext } from '@nestjs/common';

export interface IdempotencyKeyOptions {
  /**
   * Whether a request without the header is refused, 400. `false` lets it through: then it is handled as often as it is sent.
   * @defaultValue true
   */
  required?: boolean;
  /**
   * Who makes the request: keys of one are nothing to another.
   * @defaultValue the actor of the request, which the option `context` of `BackstoryModule` says. A request of which nobody says it is an error
   * @example scope: (execution) => execution.switchToHttp().getRequest().apiKey.id
   */
  scope?: (execution: ExecutionContext) => string;
}
