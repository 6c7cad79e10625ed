import type { EntityManager } from 'typeorm';
import { sqlState } from '../database/index.js';

/** Inside a transaction, the position of the last event that it has written; null when its connection has written none. */
export async function writtenPosition(manager: EntityManager, schema: string): Promise<string | null> {
  try {
    const [row] = await manager.query<{ position: string }[]>(
      `select currval(pg_get_serial_sequence($1, 'global_position'))::text as position`,
      [`"${schema.replaceAll('"', '""')}".events`],
    );
    return row?.position ?? null;
  } catch (error) {
    if (sqlState(error) === '55000') return null;
    throw error;
  }
}
