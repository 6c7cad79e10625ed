import type { DataSource } from 'typeorm';
import { diagnose, type Finding } from '../admin/index.js';
import type { SqlExecutor } from '../database/index.js';
import { findingsElsewhere } from './findings-elsewhere.js';
import { findingsOfKeys } from './findings-of-keys.js';
import { findingsOfPersonal } from './findings-of-personal.js';
import { findingsOfSubjects } from './findings-of-subjects.js';
import { findingsOfStandbys } from './findings-of-standbys.js';
import type { MappedAggregates } from '../aggregates/index.js';
import type { EncryptionOptions } from '../options/index.js';

/** Everything that the doctor looks at, of aggregates that could be mapped. */
export async function findingsOfSetUp(
  dataSource: DataSource,
  sql: SqlExecutor,
  schema: string,
  { mappings, absent }: Pick<MappedAggregates, 'mappings' | 'absent'>,
  encryption: EncryptionOptions | undefined,
): Promise<Finding[]> {
  return [
    ...(await diagnose(sql, schema, mappings, absent)),
    ...mappings.flatMap((root) => [...findingsOfPersonal(root), ...findingsOfSubjects(root, mappings)]),
    ...(await findingsOfKeys(sql, schema, encryption)),
    ...(await findingsOfStandbys(dataSource, sql, schema)),
    ...(await findingsElsewhere(dataSource, sql, mappings)),
  ];
}
