import { BackstoryError } from '@backstory/adapter';
import { Injectable, type NestInterceptor, UnprocessableEntityException } from '@nestjs/common';
import { catchError, type Observable } from 'rxjs';

/** Tells a client that its key was that of another request. */
@Injectable()
export class ReusedKeyInterceptor implements NestInterceptor {
  intercept(_execution: unknown, next: { handle(): Observable<unknown> }): Observable<unknown> {
    return next.handle().pipe(
      catchError((error: unknown) => {
        if (!BackstoryError.is(error, 'COMMAND_ID_REUSED')) throw error;
        throw new UnprocessableEntityException(
          'This Idempotency-Key was sent before, with another request. Each request needs a key of its own.',
          { cause: error },
        );
      }),
    );
  }
}
