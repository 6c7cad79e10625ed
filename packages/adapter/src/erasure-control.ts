import type { AggregateFilter } from './aggregate-filter.js';
import { readTopics } from './appending/index.js';
import type { Database } from './database/index.js';
import {
  eraseStream,
  eraseTopicStream,
  eraseSubject,
  type ErasureOptions,
  type ErasureReport,
  everythingOf,
  named,
  retainAggregate,
  type RetentionOptions,
  type RetentionReport,
  subjectNamed,
  subjectStreams,
} from './erasure/index.js';
import type { RecordedEvent } from './event/index.js';
import { readStream } from './event-store/index.js';
import { entityName, type EntityTarget, type MappingRegistry } from './mapping/index.js';
import { upcast } from './upcasting/index.js';

/** What the log holds of one subject in one stream. */
export interface SubjectRecord {
  readonly category: string;
  readonly streamId: string;
  /** `own`: it is the subject's own stream. `root`, `parts`: the aggregate, or some of its parts, have named the subject. */
  readonly holds: 'own' | 'root' | 'parts';
  /** All of them, oldest first, also archived ones. */
  readonly events: readonly RecordedEvent[];
}

/** Takes values out of the log: of one entity, of a person wherever they are named, and of what is older than it may be. */
export class ErasureControl {
  /** @internal */
  constructor(
    private readonly database: Database,
    private readonly schema: string,
    private readonly mappings: MappingRegistry,
  ) {}

  /** See `Backstory.erase`. @internal */
  async erase(target: EntityTarget, streamId: string, options: ErasureOptions = {}): Promise<ErasureReport> {
    const name = entityName(target);
    if (!this.mappings.find(name) && (await readTopics(this.database, this.schema)).includes(name))
      return eraseTopicStream(this.database, this.schema, name, String(streamId), options);
    const mapping = this.mappings.get(name);
    const { properties } = options;
    return eraseStream(this.database, this.schema, mapping, String(streamId), {
      ...options,
      chosen: properties ? named(properties) : everythingOf(mapping),
      keys: properties ? [] : [`${mapping.category}:${streamId}`],
    });
  }

  /**
   * Erases what is `personal` of a subject, such as `customer:42`: in its own stream, and in those that have named it as their
   * `subject` at any time, each in one transaction. Interrupted, it goes on when it is called again. The subject's key is destroyed
   * first, and that of each stream that has named it with it: these have what relays have encrypted for nobody.
   * @returns one report for each stream that has something of it, or had
   * @throws UnknownAggregateError where no aggregate is of such a subject
   */
  async eraseSubject(
    subject: string,
    options: Omit<ErasureOptions, 'properties'> = {},
  ): Promise<ErasureReport[]> {
    return eraseSubject(this.database, this.schema, this.mappings.all(), subject, options);
  }

  /**
   * Everything that the log holds on a subject: the events of its own stream, and of those that have named it at any time.
   * @throws UnknownAggregateError where no aggregate is of such a subject
   */
  async subject(subject: string): Promise<SubjectRecord[]> {
    const records: SubjectRecord[] = [];
    for await (const { mapping, streamId, holds } of this.streams(subject)) {
      const events = await readStream(this.database, this.schema, mapping.category, streamId);
      if (events.length === 0) continue;
      const { knownAs: category } = mapping;
      records.push({ category, streamId, holds, events: events.map((event) => upcast(mapping, event)) });
    }
    return records;
  }

  /**
   * Erases what is older than an aggregate says with `retain`: of ended streams all of it, of living ones what was superseded.
   * For a schedule. Aggregates without `retain` are left out.
   * @throws InvalidOptionsError for a time that PostgreSQL can't read
   */
  async retain({ aggregates = 'all', ...options }: RetentionOptions & AggregateFilter = {}): Promise<
    RetentionReport[]
  > {
    const reports: RetentionReport[] = [];
    for (const mapping of this.mappings.select(aggregates)) {
      const report = await retainAggregate(this.database, this.schema, mapping, options);
      if (report) reports.push(report);
    }
    return reports;
  }

  private streams(subject: string): ReturnType<typeof subjectStreams> {
    return subjectStreams(this.database, this.schema, this.mappings.all(), subjectNamed(subject));
  }
}
