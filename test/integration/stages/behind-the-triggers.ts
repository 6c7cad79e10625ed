import type { DataSource } from 'typeorm';

/** Changes rows so that no event is written: what is read afterwards tells a row from a replay. */
export async function behindTheTriggers(dataSource: DataSource, statement: string): Promise<void> {
  await dataSource.query(`begin; set local session_replication_role = replica; ${statement}; commit`);
}
