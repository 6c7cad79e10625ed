import { type Database, sqlState } from '../database/index.js';
import { BackstoryError } from '../errors.js';
import type { ProgressOptions } from '../observation/index.js';
import { destroyKeys } from './destroy-keys.js';
import { eraseStream } from './erase-stream.js';
import type { ErasureOptions, ErasureReport } from './erasure-options.js';
import { hasSubjectKey } from './has-subject-key.js';
import { named, type SearchScope, unsearchedFor } from './search-scope.js';
import { subjectName } from './subject-names.js';
import { SubjectSearch } from './subject-search.js';
import { subjectNamed, subjectStreams } from './subject-streams.js';
import { unknownSubject } from './unknown-subject.js';

/**
 * Erases what is `personal` of a subject: in its own stream, and in those that have named it at any time, each in one transaction.
 * The subject's key is destroyed in the first. A stream that has named it with its root loses its own key, too, which relays use for
 * what names nobody: it is erased as a whole, whoever it names now. What can't be searched comes last, with its reason.
 * @throws UnknownAggregateError where nothing is of such a subject; BackstoryError AGGREGATE_NOT_FOUND where nobody knows that one
 */
export async function eraseSubject(
  database: Database,
  schema: string,
  scope: SearchScope,
  name: string,
  { onProgress, signal, ...options }: Omit<ErasureOptions, 'properties'> & ProgressOptions,
): Promise<ErasureReport[]> {
  const subject = subjectNamed(name);
  const reports: ErasureReport[] = [];
  let keys: readonly string[] = [];
  let id = subject.id;
  const search = new SubjectSearch({ ...(onProgress && { onProgress }), ...(signal && { signal }) });
  const streams = subjectStreams(database, schema, scope, subject, search);
  for await (const { mapping, streamId, chosen, holds } of streams) {
    if (holds === 'own') id = streamId;
    if (reports.length === 0) keys = [subjectName(named(scope), subject.category, id)];
    const own = holds === 'root' ? [`${mapping.category}:${streamId}`] : [];
    const erasure = { ...options, chosen, keys: [...keys, ...own] };
    const erased = eraseStream(database, schema, mapping, streamId, erasure);
    const report = scope.own.includes(mapping)
      ? await erased
      : await erased.catch((error: unknown) => unerased(error, mapping.knownAs, streamId, options));
    reports.push(report);
    if (report.unseen === undefined) keys = [];
  }
  const unsearched = unsearchedFor(scope, subject.category);
  if (reports.length === 0 && search.isWhole) {
    const key = subjectName(named(scope), subject.category, id);
    if (await hasSubjectKey(database, schema, key)) keys = [key];
    else if (unsearched.every(({ topic }) => topic)) throw unknownSubject(name);
  }
  // nothing names it any more, and what names it later finds it erased
  if (!options.dryRun && search.isWhole) await destroyKeys(database, schema, keys);
  const left = unsearched.map(({ knownAs, reason, topic }) => ({
    ...nothingErased(knownAs, '*', options),
    unseen: reason,
    ...(topic && { topic }),
  }));
  const unfinished = search
    .unfinished()
    .map((unseen) => ({ ...nothingErased(unseen.category, '*', options), ...unseen }));
  return [...reports, ...unfinished, ...left];
}

/** What another service captures, this role may not be able to lock: that keeps nobody from erasing the rest. */
function unerased(
  error: unknown,
  category: string,
  streamId: string,
  options: Pick<ErasureOptions, 'dryRun'>,
): ErasureReport {
  if (sqlState(error) !== '42501' && !BackstoryError.is(error, 'RIGHTS_MISSING')) throw error;
  const [problem = ''] = (error as Error).message.split('\n');
  return { ...nothingErased(category, streamId, options), unseen: problem.replace(/\.$/, '') };
}

function nothingErased(
  category: string,
  streamId: string,
  { dryRun = false }: Pick<ErasureOptions, 'dryRun'>,
): ErasureReport {
  const nothing = { events: 0, properties: [], position: null, stillInTable: [], keysDestroyed: [] };
  return { category, streamId, ...nothing, dryRun };
}
