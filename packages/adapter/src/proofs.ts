import type { AggregateFilter } from './aggregate-filter.js';
import type { Database } from './database/index.js';
import type { KnownAggregates } from './known-aggregates.js';
import { lookAtEach } from './look-at-each.js';
import type { EntityMapping } from './mapping/index.js';
import { readStages } from './stages/index.js';
import {
  notRepaired,
  repairAggregate,
  type RepairOptions,
  type RepairReport,
  type VerificationReport,
  verificationReport,
  verifyAggregate,
  type VerifyOptions,
} from './verify/index.js';

/** Whether events and tables say the same, and what makes them. Of aggregates that are off there is nothing to be said. */
export class Proofs {
  constructor(
    private readonly database: Database,
    private readonly schema: string,
    private readonly aggregates: KnownAggregates,
  ) {}

  async verify({
    aggregates = 'all',
    ...options
  }: VerifyOptions & AggregateFilter): Promise<VerificationReport> {
    const captured = await this.captured(aggregates, options.streamIds);
    const { found, unseen } = await lookAtEach(captured, aggregates, (mapping) =>
      verifyAggregate(this.database, this.schema, mapping, options),
    );
    const gone = aggregates === 'all' ? await this.aggregates.unseen() : [];
    return verificationReport(found, [...gone, ...unseen]);
  }

  async repair({ aggregates = 'all', ...options }: RepairOptions & AggregateFilter): Promise<RepairReport[]> {
    const captured = await this.captured(aggregates, options.streamIds);
    const { found, unseen } = await lookAtEach(captured, aggregates, (mapping) =>
      repairAggregate(this.database, this.schema, mapping, options),
    );
    return [...found, ...unseen.map((each) => notRepaired(each, options))];
  }

  private async captured(
    aggregates: 'all' | readonly string[],
    streamIds?: readonly string[],
  ): Promise<EntityMapping[]> {
    const selected = await this.aggregates.selectFor(aggregates, { streamIds });
    const stages = await readStages(this.database, this.schema);
    return selected.filter(({ category }) => (stages.get(category) ?? 'off') !== 'off');
  }
}
