import type { DataSource } from 'typeorm';
import type { Finding } from '../admin/index.js';
import { quoteTable, type SqlExecutor } from '../database/index.js';
import { BackstoryError } from '../errors.js';
import type { BackstoryOptions } from '../options/index.js';
import { mappedAggregates } from '../aggregates/index.js';
import { findingsOfSetUp } from './findings-of-set-up.js';
import { poolDatabase, poolOf } from '../connections/index.js';

/**
 * Looks at the set-up without changing anything and without opening a Backstory: what is missing, what differs between
 * entities, tables and triggers, and what mends it. Empty when all is well.
 * @example const findings = await doctor(dataSource);
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
  const selection = { ...(aggregates && { aggregates }), ...(exclude && { exclude }) };
  return findingsNow(dataSource, poolDatabase(poolOf(dataSource)), schema, {
    ...selection,
    ...(encryption && { encryption }),
  });
}

/** What is wrong with what the entities and tables are by now, asked for with `sql`. */
export async function findingsNow(
  dataSource: DataSource,
  sql: SqlExecutor,
  schema: string,
  { encryption, ...selection }: Pick<BackstoryOptions, 'aggregates' | 'exclude' | 'encryption'>,
): Promise<Finding[]> {
  try {
    const { problems, outgrown, ...mapped } = await mappedAggregates(dataSource, sql, schema, selection);
    const found = await findingsOfSetUp(dataSource, sql, schema, mapped, encryption);
    // of a captured table that is not there any more it is said what has become of it
    const isTold = ({ message }: BackstoryError): boolean =>
      mapped.absent.some(
        ({ category, ...table }) =>
          message.includes(quoteTable(table)) &&
          found.some(({ severity, aggregate }) => severity === 'fault' && aggregate === category),
      );
    return [
      ...problems.filter((problem) => !isTold(problem)).map(asFault),
      ...outgrown.map((problem) => ({
        severity: 'hint' as const,
        problem: `${problem} This is an older release beside newer tables: it goes on without it.`,
        remedy: 'Deploy the release of these tables.',
      })),
      ...found,
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
