import type { Database } from '../database/index.js';
import type { EntityMapping } from '../mapping/index.js';
import { destroyKeys } from './destroy-keys.js';
import { eraseStream } from './erase-stream.js';
import type { ErasureOptions, ErasureReport } from './erasure-options.js';
import { subjectName } from './subject-names.js';
import { subjectNamed, subjectStreams } from './subject-streams.js';

/**
 * Erases what is `personal` of a subject: in its own stream, and in those that have named it at any time, each in one transaction.
 * The subject's key is destroyed in the first. A stream that has named it with its root loses its own key, too, which relays use for
 * what names nobody: it is erased as a whole, whoever it names now.
 * @throws UnknownAggregateError where nothing is of such a subject
 */
export async function eraseSubject(
  database: Database,
  schema: string,
  mappings: readonly EntityMapping[],
  named: string,
  options: Omit<ErasureOptions, 'properties'>,
): Promise<ErasureReport[]> {
  const subject = subjectNamed(named);
  const reports: ErasureReport[] = [];
  let keys: readonly string[] = [subjectName(mappings, subject.category, subject.id)];
  for await (const { mapping, streamId, chosen, holds } of subjectStreams(
    database,
    schema,
    mappings,
    subject,
  )) {
    const own = holds === 'root' ? [`${mapping.category}:${streamId}`] : [];
    const erasure = { ...options, chosen, keys: [...keys, ...own] };
    reports.push(await eraseStream(database, schema, mapping, streamId, erasure));
    keys = [];
  }
  // nothing names it, and what names it later finds it erased
  if (!options.dryRun) await destroyKeys(database, schema, keys);
  return reports;
}
