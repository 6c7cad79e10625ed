import type { DataSource } from 'typeorm';
import { diagnose, type Finding } from './admin/index.js';
import { BackstoryError } from './errors.js';
import type { BackstoryOptions } from './options.js';
import { entityMappings, poolDatabase, poolOf } from './typeorm/index.js';

/**
 * Looks at the set-up without changing anything and without opening a Backstory: what is missing, what differs between
 * entities, tables and triggers, and what mends it. Empty when all is well.
 */
export async function doctor(
  dataSource: DataSource,
  {
    schema = 'backstory',
    aggregates,
    exclude,
  }: Pick<BackstoryOptions, 'schema' | 'aggregates' | 'exclude'> = {},
): Promise<Finding[]> {
  const database = poolDatabase(poolOf(dataSource));
  try {
    const mappings = await entityMappings(dataSource, database, {
      ...(aggregates && { aggregates }),
      ...(exclude && { exclude }),
    });
    return await diagnose(database, schema, mappings);
  } catch (error) {
    if (!BackstoryError.is(error)) throw error;
    const [problem] = error.message.split('\n');
    return [{ severity: 'fault', problem: problem ?? error.message, remedy: error.remedy }];
  }
}
