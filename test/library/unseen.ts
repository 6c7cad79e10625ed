import type { DataSource } from 'typeorm';

/** Runs statements as a superuser does it behind everybody's back: no trigger fires, not even those of the events. */
export async function unseen(dataSource: DataSource, ...statements: string[]): Promise<void> {
  const queryRunner = dataSource.createQueryRunner();
  try {
    await queryRunner.query('set session_replication_role = replica');
    for (const statement of statements) await queryRunner.query(statement);
  } finally {
    await queryRunner.query('set session_replication_role = origin');
    await queryRunner.release();
  }
}
