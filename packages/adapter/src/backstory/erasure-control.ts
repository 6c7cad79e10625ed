import type { AggregateFilter } from '../aggregates/index.js';
import { readTopics } from '../appending/index.js';
import type { Database } from '../database/index.js';
import { UnknownAggregateError } from '../errors.js';
import { namingUnreadable } from '../event-store/index.js';
import {
  eraseStream,
  eraseTopicStream,
  eraseSubject,
  type ErasureOptions,
  type ErasureReport,
  everythingOf,
  goesBy,
  named,
  requireKnownStream,
  retainAggregate,
  type RetentionOptions,
  type RetentionReport,
  searched,
  type SearchScope,
  subjectNamed,
  type SubjectEvent,
  type SubjectRecord,
  subjectRecords,
  unsearchedAggregate,
} from '../erasure/index.js';
import { type EntityMapping, entityName, type EntityTarget, type MappingRegistry } from '../mapping/index.js';
import type { ProgressOptions } from '../observation/index.js';
import { searchScope } from './search-scope.js';

export type { SubjectEvent, SubjectRecord };

/**
 * Takes values out of the log: of one entity, of a person wherever they are named, and of what is older than it may be. In all
 * aggregates that the history knows, also those that other releases and services have named.
 */
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
    const { database, schema } = this;
    const own = this.mappings.find(name);
    if (!own && (await readTopics(database, schema)).includes(name)) {
      await requireKnownStream(database, schema, { category: name, knownAs: name }, String(streamId));
      return eraseTopicStream(database, schema, name, String(streamId), options);
    }
    const mapping = own ?? (await this.other(name));
    const id = await requireKnownStream(database, schema, mapping, String(streamId));
    const { properties } = options;
    const erasure = {
      ...options,
      chosen: properties ? named(properties) : everythingOf(mapping),
      keys: properties ? [] : [`${mapping.category}:${id}`],
    };
    const place = { category: mapping.category, streamId: id };
    return namingUnreadable(database, schema, place, () =>
      eraseStream(database, schema, mapping, id, erasure),
    );
  }

  /**
   * Erases what is `personal` of a subject, such as `customer:42`: in its own stream, and in those that have named it as their
   * `subject` at any time, each in one transaction. Interrupted, it goes on when it is called again. The subject's key is destroyed
   * first, and that of each stream that has named it with it: these have what relays have encrypted for nobody.
   * @returns one report for each stream that has something of it, or had; and one, with the reason as `unseen`, for each that may have
   * and can't be looked through: then the request isn't done. Stopped by its signal behind a stream, it names what it has not come to,
   * and a call without the signal goes on. What `onProgress` hears of are streams that were looked through, without a total
   * @throws UnknownAggregateError where no aggregate is of such a subject; BackstoryError AGGREGATE_NOT_FOUND where nothing is known of
   * that one, TEXT_UNREADABLE where an event is no UTF-8 (in a database of encoding SQL_ASCII)
   * @example const reports = await backstory.erasure.eraseSubject('customer:1', { reason: 'asked by the customer' });
   */
  async eraseSubject(
    subject: string,
    options: Omit<ErasureOptions, 'properties'> & ProgressOptions = {},
  ): Promise<ErasureReport[]> {
    subjectNamed(subject);
    const { database, schema } = this;
    const scope = await this.scope();
    return namingUnreadable(database, schema, {}, () =>
      eraseSubject(database, schema, scope, subject, options),
    );
  }

  /**
   * Everything that the log holds on a subject: the events of its own stream, and of those that have named it at any time. What can't
   * be looked through comes last, with the reason as `unseen`: then it isn't everything. So does what it hasn't come to, stopped by its signal.
   * @throws UnknownAggregateError where no aggregate is of such a subject; BackstoryError AGGREGATE_NOT_FOUND where nothing is known of
   * that one
   * @example const records = await backstory.erasure.subject('customer:1');
   */
  async subject(subject: string, following: ProgressOptions = {}): Promise<SubjectRecord[]> {
    subjectNamed(subject);
    const { database, schema } = this;
    const scope = await this.scope();
    return namingUnreadable(database, schema, {}, () =>
      subjectRecords(database, schema, scope, subject, following),
    );
  }

  /**
   * Erases what is older than an aggregate says with `retain`: of ended streams all of it, of living ones what was superseded.
   * For a schedule. Aggregates without `retain` are left out. What says it and can't be looked through comes last, with the reason as
   * `unseen`.
   * @throws InvalidOptionsError for a time that PostgreSQL can't read
   * @example const reports = await backstory.erasure.retain({ dryRun: true });
   */
  async retain({ aggregates = 'all', ...options }: RetentionOptions & AggregateFilter = {}): Promise<
    RetentionReport[]
  > {
    const scope = await this.scope();
    const selected = aggregates === 'all' ? searched(scope) : [];
    for (const name of aggregates === 'all' ? [] : aggregates)
      selected.push(this.mappings.find(name) ?? (await this.other(name)));
    const reports: RetentionReport[] = [];
    for (const mapping of selected) {
      const { category } = mapping;
      const report = await namingUnreadable(this.database, this.schema, { category }, () =>
        retainAggregate(this.database, this.schema, mapping, options),
      );
      if (report) reports.push(report);
    }
    const left =
      aggregates === 'all' ? scope.unsearched.filter(({ retains, topic }) => retains ?? topic) : [];
    const unseen = left.map(({ knownAs: category, reason, topic }) => ({
      category,
      before: null,
      streams: 0,
      events: 0,
      dryRun: options.dryRun ?? false,
      unseen: reason,
      ...(topic && { topic }),
    }));
    return [...reports, ...unseen];
  }

  private scope(): Promise<SearchScope> {
    return searchScope(this.database, this.schema, this.mappings.all());
  }

  /** @throws UnknownAggregateError, BackstoryError for one that can't be looked through */
  private async other(name: string): Promise<EntityMapping> {
    const scope = await this.scope();
    const found = scope.others.find((mapping) => goesBy(mapping, name));
    if (found) return found;
    const lost = scope.unsearched.find((each) => goesBy(each, name));
    if (lost) throw unsearchedAggregate(lost);
    const all = [...this.mappings.all(), ...scope.others].map(({ knownAs }) => knownAs);
    throw new UnknownAggregateError('UNKNOWN_CATEGORY', name, all);
  }
}
