import type { AggregateFilter, KnownAggregates } from '../aggregates/index.js';
import { type OtherTable, refuseOtherTable } from '../capture/index.js';
import { type Database, readReplayPlace } from '../database/index.js';
import { lookAtEach } from './look-at-each.js';
import type { EntityMapping } from '../mapping/index.js';
import { readStages, refuseOff, type StageWatch } from '../stages/index.js';
import {
  notRepaired,
  repairAggregate,
  type RepairOptions,
  type RepairReport,
  type VerificationReport,
  verificationReport,
  verifyAggregate,
  type VerifyOptions,
} from '../verify/index.js';

interface Captured {
  readonly captured: EntityMapping[];
  readonly swapped: EntityMapping[];
  readonly elsewhere: OtherTable[];
  readonly off: string[];
}

/** Whether events and tables say the same, and what makes them. Of aggregates that are off nothing can be said. */
export class Proofs {
  constructor(
    private readonly database: Database,
    private readonly schema: string,
    private readonly aggregates: KnownAggregates,
    private readonly watch: StageWatch,
  ) {}

  async verify({
    aggregates = 'all',
    ...options
  }: VerifyOptions & AggregateFilter): Promise<VerificationReport> {
    const { captured, swapped, elsewhere, off } = await this.captured(aggregates, options.streamIds);
    const standby = await readReplayPlace(this.database);
    // the captured table is there and says what its streams are; that it isn't the application's is said beside it
    const { found, unseen, unfinished } = await lookAtEach([...captured, ...swapped], aggregates, (mapping) =>
      verifyAggregate(this.database, this.schema, mapping, options, !swapped.includes(mapping)),
    );
    // what was unsettled may be replayed from now on, by this instance at once
    if (found.some(({ recorded }) => recorded)) await this.watch.refresh();
    const others = await this.aggregates.unseenAmong(aggregates, elsewhere);
    return verificationReport(found, { off, unseen: [...others, ...unseen], unfinished, standby });
  }

  async repair({ aggregates = 'all', ...options }: RepairOptions & AggregateFilter): Promise<RepairReport[]> {
    const { captured, elsewhere } = await this.captured(aggregates, options.streamIds);
    const { found, unseen } = await lookAtEach(captured, aggregates, (mapping) =>
      repairAggregate(this.database, this.schema, mapping, options),
    );
    const others = await this.aggregates.unseenAmong(aggregates, elsewhere);
    return [...found, ...[...others, ...unseen].map((each) => notRepaired(each, options))];
  }

  /**
   * What there is something to be said of, and what is another table by now than the one whose streams these are.
   * @throws BackstoryError CAPTURE_OUTDATED, MISSING_TABLE or STAGE_REFUSED (it is off) for one of those that was named
   */
  private async captured(
    aggregates: 'all' | readonly string[],
    streamIds?: readonly string[],
  ): Promise<Captured> {
    const selected = await this.aggregates.selectFor(aggregates, { streamIds });
    const stages = await readStages(this.database, this.schema);
    const on = selected.filter(({ category }) => (stages.get(category) ?? 'off') !== 'off');
    const off = selected
      .map(({ category }) => category)
      .filter((each) => !on.some(({ category }) => category === each));
    if (off[0] !== undefined && aggregates !== 'all')
      refuseOff(off[0], 'its rows may have changed without an event');
    const found = await this.aggregates.elsewhere(on);
    if (found[0] && aggregates !== 'all') refuseOtherTable(found[0]);
    // one for each aggregate, whose root and parts may all be elsewhere
    const elsewhere = new Map(found.map((each) => [each.category, each]));
    return {
      captured: on.filter(({ category }) => !elsewhere.has(category)),
      swapped: on.filter(({ category }) => elsewhere.get(category)?.code === 'CAPTURE_OUTDATED'),
      elsewhere: [...elsewhere.values()],
      off,
    };
  }
}
