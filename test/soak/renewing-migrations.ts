import { renewCaptureWithMigrations, syncCapture } from '@backstory/adapter';
import type { DataSource, QueryRunner } from 'typeorm';

/** As the data source file for TypeORM's own command line has it. */
export function renewing(dataSource: DataSource): DataSource {
  return renewCaptureWithMigrations(dataSource);
}

/** As the last line of a migration has it. */
export async function renew(queryRunner: QueryRunner): Promise<void> {
  await syncCapture(queryRunner);
}
