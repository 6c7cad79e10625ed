import type { AggregateFilter, KnownAggregates } from '../aggregates/index.js';
import {
  backfill,
  type BackfillEstimate,
  type BackfillOptions,
  type BackfillReport,
  type BackfillWish,
  estimateBackfill,
  notBackfilled,
  notEstimated,
  wishOfBackfill,
} from '../backfill/index.js';
import { refuseOtherTable } from '../capture/index.js';
import type { Database } from '../database/index.js';
import type { StageControl } from './stage-control.js';

/** First events of rows that were there before capture, aggregate by aggregate. */
export class Backfills {
  constructor(
    private readonly database: Database,
    private readonly schema: string,
    private readonly aggregates: KnownAggregates,
    private readonly stages: StageControl,
  ) {}

  async run({
    aggregates = 'all',
    ...options
  }: BackfillOptions & AggregateFilter): Promise<BackfillReport[]> {
    const selected = await this.aggregates.selectFor(aggregates, { where: options.where });
    // before the first: a backfill goes on after a lost connection, a question doesn't
    for (const { category } of selected) await this.stages.requireCapture(category);
    const others = await this.aggregates.elsewhere(selected);
    if (others[0] && aggregates !== 'all') refuseOtherTable(others[0]);
    const reports: BackfillReport[] = [];
    for (const mapping of selected) {
      if (!others.some(({ category }) => category === mapping.category))
        reports.push(await backfill(this.database, this.schema, mapping, options));
    }
    return [...reports, ...(await this.aggregates.unseenAmong(aggregates, others)).map(notBackfilled)];
  }

  async estimate({
    aggregates = 'all',
    where,
  }: Pick<BackfillOptions, 'where'> & AggregateFilter): Promise<BackfillEstimate[]> {
    const estimates: BackfillEstimate[] = [];
    for (const mapping of await this.aggregates.selectFor(aggregates, { where }))
      estimates.push(await estimateBackfill(this.database, this.schema, mapping, where));
    return [...estimates, ...(await this.aggregates.unseenAmong(aggregates)).map(notEstimated)];
  }

  async ask(wish: BackfillWish | null, { aggregates = 'all' }: AggregateFilter): Promise<string[]> {
    const asked: string[] = [];
    for (const { category } of await this.aggregates.select(aggregates)) {
      if (await wishOfBackfill(this.database, this.schema, category, wish)) asked.push(category);
    }
    return asked;
  }
}
