import { type ArgumentsHost, Catch, ConflictException, NotFoundException } from '@nestjs/common';
import { BaseExceptionFilter } from '@nestjs/core';
import { EntityNotFoundError, OptimisticLockVersionMismatchError, QueryFailedError } from 'typeorm';
import { conflictReason } from './conflict-reason.js';

@Catch(QueryFailedError, EntityNotFoundError, OptimisticLockVersionMismatchError)
export class DatabaseErrorFilter extends BaseExceptionFilter {
  override catch(error: Error, host: ArgumentsHost): void {
    super.catch(this.asHttpError(error), host);
  }

  private asHttpError(error: Error): Error {
    if (error instanceof EntityNotFoundError) {
      return new NotFoundException('Not found');
    }
    const reason = conflictReason(error);
    return reason === undefined ? error : new ConflictException(reason);
  }
}
