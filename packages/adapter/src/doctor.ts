import type { DataSource } from 'typeorm';
import type { Finding } from './admin/index.js';
import { BackstoryError } from './errors.js';
import type { BackstoryOptions } from './options.js';
import { mappedAggregates } from './mapped-aggregates.js';
import { findingsOfSetUp } from './findings-of-set-up.js';
import { poolDatabase, poolOf } from './typeorm/index.js';

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
    encryption,
  }: Pick<BackstoryOptions, 'schema' | 'aggregates' | 'exclude' | 'encryption'> = {},
): Promise<Finding[]> {
  const database = poolDatabase(poolOf(dataSource));
  try {
    const { problems, outgrown, ...mapped } = await mappedAggregates(dataSource, database, schema, {
      ...(aggregates && { aggregates }),
      ...(exclude && { exclude }),
    });
    return [
      ...problems.map(asFault),
      ...outgrown.map((problem) => ({
        severity: 'hint' as const,
        problem: `${problem} This is an older release beside newer tables: it goes on without it.`,
        remedy: 'Deploy the release of these tables.',
      })),
      ...(await findingsOfSetUp(dataSource, database, schema, mapped, encryption)),
    ];
  } catch (error) {
    if (!BackstoryError.is(error)) throw error;
    return [asFault(error)];
  }
}

function asFault(error: BackstoryError): Finding {
  const [problem] = error.message.split('\n');
  return { severity: 'fault', problem: problem ?? error.message, remedy: error.remedy };
}
