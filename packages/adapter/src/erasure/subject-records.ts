import type { SqlExecutor } from '../database/index.js';
import type { EventData, RecordedEvent } from '../event/index.js';
import type { ProgressOptions } from '../observation/index.js';
import { readStream } from '../event-store/index.js';
import { upcast } from '../upcasting/index.js';
import { droppedValues } from './dropped-values.js';
import { type SearchScope, unsearchedFor } from './search-scope.js';
import { subjectNamed, subjectStreams } from './subject-streams.js';
import { SubjectSearch } from './subject-search.js';
import { unknownSubject } from './unknown-subject.js';

/** An event of a subject, as the code of today knows it. */
export interface SubjectEvent extends RecordedEvent {
  /** What it says beside that, under names that nothing of today comes from, such as a property that an upcaster drops. */
  readonly dropped?: EventData;
}

/** What the log holds of one subject in one stream. */
export interface SubjectRecord {
  readonly category: string;
  /** `*` where the whole category could not be looked through. */
  readonly streamId: string;
  /**
   * `own`: it is the subject's own stream. `root`, `parts`: the aggregate, or some of its parts, have named the subject. `unknown`: nobody
   * has looked.
   */
  readonly holds: 'own' | 'root' | 'parts' | 'unknown';
  /** All of them, oldest first, also archived ones. */
  readonly events: readonly SubjectEvent[];
  /** Why it could not be looked through, where it couldn't: then there may be more than is said. */
  readonly unseen?: string;
  /** It is a topic, whose events no option says to be of anybody. */
  readonly topic?: true;
  /** The signal has stopped the search in this category: `unseen` says so. */
  readonly stopped?: true;
}

/** Everything on a subject, and what could not be looked through. @throws BackstoryError AGGREGATE_NOT_FOUND where nothing is known of it */
export async function subjectRecords(
  sql: SqlExecutor,
  schema: string,
  scope: SearchScope,
  name: string,
  following: ProgressOptions = {},
): Promise<SubjectRecord[]> {
  const subject = subjectNamed(name);
  const records: SubjectRecord[] = [];
  let isKnown = false;
  const search = new SubjectSearch(following);
  for await (const { mapping, streamId, holds } of subjectStreams(sql, schema, scope, subject, search)) {
    isKnown = true;
    const stored = await readStream(sql, schema, mapping.category, streamId);
    if (stored.length === 0) continue;
    const events = stored.map((event) => ({ ...upcast(mapping, event), ...droppedValues(mapping, event) }));
    records.push({ category: mapping.knownAs, streamId, holds, events });
  }
  const unsearched = unsearchedFor(scope, subject.category);
  if (!isKnown && search.isWhole && unsearched.every(({ topic }) => topic)) throw unknownSubject(name);
  const left = unsearched.map(({ knownAs: category, reason, topic }): SubjectRecord => {
    const unseen = { streamId: '*', holds: 'unknown', events: [], unseen: reason } as const;
    return { category, ...unseen, ...(topic && { topic }) };
  });
  const unfinished = search
    .unfinished()
    .map((unseen): SubjectRecord => ({ ...unseen, holds: 'unknown', events: [] }));
  return [...records, ...unfinished, ...left];
}
