import { createParamDecorator, UseInterceptors } from '@nestjs/common';
import { commandOfRequest } from './command-of-request.js';
import type { IdempotencyKeyOptions } from './idempotency-key.options.js';
import { ReusedKeyInterceptor } from './reused-key.interceptor.js';

const param = createParamDecorator(commandOfRequest);

/**
 * A parameter of a controller's method that makes its command one that is handled once for each `Idempotency-Key`: options for `handle` and `create`, of the type
 * `RequestedCommand`. The same key again, of the same actor for the same method and path, gives the entity as the command has left it, and writes nothing; one that is sent
 * while the first is under way waits for it. The same key with another query or body is answered with 422, a missing one with 400. What fails isn't remembered.
 * Kept for `commands: { keepIds }` of the options. It is of one command: a second one in the same method needs a `commandId` of its own.
 * @throws BadRequestException (400) without a key, or for one that is none; UnprocessableEntityException (422) for a key of another request
 * @throws InvalidOptionsError where nobody says who makes the request
 * @example
 * @Post(':id/ship')
 * ship(@Param('id', ParseIntPipe) id: number, @IdempotencyKey() once: RequestedCommand): Promise<Order> {
 *   return orders.handle(id, () => new OrderShipped(trackingNumber), once);
 * }
 */
export function IdempotencyKey(options: IdempotencyKeyOptions = {}): ParameterDecorator {
  return (target, name, index) => {
    param(options)(target, name, index);
    const method = name === undefined ? undefined : Object.getOwnPropertyDescriptor(target, name);
    if (name !== undefined && method) UseInterceptors(ReusedKeyInterceptor)(target, name, method);
  };
}
