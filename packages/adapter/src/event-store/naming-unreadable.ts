import type { SqlExecutor } from '../database/index.js';
import { BackstoryError } from '../errors.js';
import { type EventPlace, unreadableEvent } from './unreadable-event.js';

/**
 * Reads events, and says which one is no UTF-8 where that keeps them from being read. @throws BackstoryError TEXT_UNREADABLE
 */
export async function namingUnreadable<Result>(
  sql: SqlExecutor,
  schema: string,
  place: EventPlace,
  read: () => Promise<Result>,
): Promise<Result> {
  try {
    return await read();
  } catch (error) {
    if (!BackstoryError.is(error, 'TEXT_UNREADABLE')) throw error;
    // in a text of a row, perhaps: then its own words are all there is
    const event = await unreadableEvent(sql, schema, place).catch(() => undefined);
    if (!event) throw error;
    throw new BackstoryError(
      'TEXT_UNREADABLE',
      `The event of stream "${event.stream}" at position ${event.position} can't be read, because its bytes are no UTF-8 and this database (SQL_ASCII) doesn't say what else they are.`,
      error.remedy,
      { cause: error },
    );
  }
}
