import { type Database, quoteIdentifier } from '../database/index.js';
import { streamName } from '../event/index.js';
import { type EventAtPosition, isMarkedErased, isStandIn, type SealedEvent } from '../seals/index.js';
import type { ExportDifference } from './export-difference.js';
import type { ExportedEvent } from './exported-event.js';
import type { ExportedStretch, ExportManifest } from './manifest.js';
import { readLogEvents } from './read-log-events.js';
import { sameEvent } from './same-event.js';

/** What of an export the log still has. */
export interface ComparedWithLog {
  /** To the letter; of an encrypted export all but data and metadata. */
  readonly same: number;
  /** Those that the files alone have: they were archived, and dropped from the archive. */
  readonly onlyInFiles: number;
}

/** Compares files with the log, stretch by stretch. */
export class CompareWithLog {
  readonly compared = { same: 0, onlyInFiles: 0 };

  constructor(
    private readonly database: Database,
    private readonly schema: string,
    private readonly manifest: ExportManifest,
    private readonly differs: (difference: ExportDifference) => void,
  ) {}

  async stretch({ from, to }: ExportedStretch, events: readonly ExportedEvent[]): Promise<void> {
    const left = new Map(events.map((event) => [event.globalPosition, event]));
    for await (const page of readLogEvents(this.database, this.schema, BigInt(from), BigInt(to))) {
      for (const each of page) this.event(each, left);
    }
    await this.missing([...left.values()]);
  }

  private event({ event, metadata }: EventAtPosition, left: Map<string, ExportedEvent>): void {
    const { categories, encrypted } = this.manifest;
    if (categories !== 'all' && !categories.includes(event.category)) return;
    const exported = left.get(event.globalPosition);
    if (!exported) {
      this.say('event', event, 'is in the log, and in no file');
      return;
    }
    const isSame = sameEvent(event, exported, encrypted ? 'in its place' : 'to the letter');
    // what stands for an archived event says nothing of it
    if (!isSame && isStandIn(metadata)) return;
    left.delete(event.globalPosition);
    if (isSame) this.compared.same++;
    else if (isMarkedErased(metadata) && sameEvent(event, exported, 'but for its values'))
      this.say('erased', event, 'was erased in the log since, and the file still has its values');
    else this.say('event', event, 'is another one in the log');
  }

  /** Events that the log has not: those that were archived, and dropped from there, are missing on purpose. */
  private async missing(events: readonly ExportedEvent[]): Promise<void> {
    for (let first = 0; first < events.length; first += 1000) {
      const some = events.slice(first, first + 1000);
      const archived = await this.database.execute<{ n: number }>(
        `select w.n::integer as n from unnest($1::text[], $2::text[], $3::bigint[]) with ordinality w (category, stream_id, position, n)
         join ${quoteIdentifier(this.schema)}.archived_streams s
           on s.category = w.category and s.stream_id = w.stream_id and s.through >= w.position`,
        [
          some.map(({ category }) => category),
          some.map(({ streamId }) => streamId),
          some.map(({ streamPosition }) => streamPosition),
        ],
      );
      const known = new Set(archived.map(({ n }) => some[n - 1]));
      this.compared.onlyInFiles += known.size;
      for (const event of some)
        if (!known.has(event)) this.say('event', event, 'is not in the log any more, and was not archived');
    }
  }

  private say(kind: ExportDifference['kind'], event: SealedEvent, problem: string): void {
    const { category, streamId, streamPosition, globalPosition: position } = event;
    this.differs({ kind, position, event: `${streamName(category, streamId)}@${streamPosition}`, problem });
  }
}
