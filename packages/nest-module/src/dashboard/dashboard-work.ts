import { type Backstory, BackstoryError } from '@backstory/adapter';
import { Logger } from '@nestjs/common';
import { setTimeout } from 'node:timers/promises';
import { type RepairPreview, repairPreview } from './repair-preview.js';

/** A verify, a repair or a backfill that was asked for here. */
export interface Work {
  readonly kind: 'verify' | 'repair' | 'backfill';
  readonly by: string;
  readonly startedAt: Date;
  readonly finishedAt: Date | null;
  /** What came of it, in words. */
  readonly outcome: string | null;
  readonly failed: boolean;
}

/** The work that waits for its turn, behind the last. */
export interface Turns {
  last: Promise<void>;
}

/** Shorter than proxies wait for an answer. */
const previewWaitMs = 15_000;

const logger = new Logger('Backstory');

/**
 * Verifies and repairs in the background: large tables take longer than a request may. What is known of it is this process's;
 * the result is recorded in the database, for all.
 */
export class DashboardWork {
  private readonly latest = new Map<string, Work>();
  private readonly done = new Map<string, Promise<void>>();
  private readonly previews = new Map<string, Promise<RepairPreview>>();

  constructor(
    private readonly backstory: Backstory,
    /** Those of all histories of one pool. */
    private readonly turns: Turns,
  ) {}

  /** The latest of an aggregate, under way or done. */
  of(aggregate: string): Work | null {
    return this.latest.get(aggregate) ?? null;
  }

  verify(aggregate: string, by: string): Work {
    return this.begin(aggregate, { kind: 'verify', by }, () => this.verified(aggregate));
  }

  /** With the table as the truth: events are appended, rows and events that are there stay as they are. Then verifies. */
  repair(aggregate: string, by: string, reason: string): Work {
    return this.begin(aggregate, { kind: 'repair', by }, async () => {
      const [report] = await this.backstory.repair({ aggregates: [aggregate], by, reason });
      const { repaired = [], left = [] } = report ?? {};
      const rest = left.length > 0 ? `, ${left.length} left that it can't settle` : '';
      return `${repaired.length} settled${rest}; ${await this.verified(aggregate)}`;
    });
  }

  /** First events for rows that have none, chunk by chunk. */
  backfill(aggregate: string, by: string): Work {
    return this.begin(aggregate, { kind: 'backfill', by }, async () => {
      const [report] = await this.backstory.backfill({ aggregates: [aggregate] });
      return `${report?.events ?? 0} first events written`;
    });
  }

  /** What a repair would write. Compares the whole table, once for all who ask meanwhile; null where it isn't done after some seconds. */
  async previewRepair(aggregate: string): Promise<RepairPreview | null> {
    let preview = this.previews.get(aggregate);
    if (!preview) {
      preview = this.backstory
        .repair({ aggregates: [aggregate], dryRun: true })
        .then(([report]) => repairPreview(report))
        .finally(() => this.previews.delete(aggregate));
      this.previews.set(aggregate, preview);
    }
    return Promise.race([preview, setTimeout(previewWaitMs, null, { ref: false })]);
  }

  /** One after the other: together they would take the pool's connections from the application. One that is busy is left out. */
  inTurn(kind: 'verify' | 'backfill', aggregates: readonly string[], by: string): void {
    const turn = async (): Promise<void> => {
      for (const aggregate of aggregates) {
        if (this.isBusy(aggregate)) continue;
        this[kind](aggregate, by);
        await this.done.get(aggregate);
      }
    };
    this.turns.last = this.turns.last.then(turn);
  }

  private isBusy(aggregate: string): boolean {
    return this.latest.get(aggregate)?.finishedAt === null;
  }

  private async verified(aggregate: string): Promise<string> {
    const { clean, aggregates } = await this.backstory.verify({ aggregates: [aggregate] });
    const { rows = 0, drifted = 0, withoutFirstEvent = 0 } = aggregates[0] ?? {};
    if (clean) return `${rows} rows compared, no drift`;
    return [
      ...(drifted > 0 ? [`${drifted} streams differ from their rows`] : []),
      ...(withoutFirstEvent > 0
        ? [`${withoutFirstEvent} rows have no first event yet (npx backstory backfill ${aggregate})`]
        : []),
    ].join(', ');
  }

  private begin(
    aggregate: string,
    { kind, by }: Pick<Work, 'kind' | 'by'>,
    work: () => Promise<string>,
  ): Work {
    const running = this.latest.get(aggregate);
    if (running && this.isBusy(aggregate)) {
      throw new BackstoryError(
        'STAGE_REFUSED',
        `A ${running.kind} of "${aggregate}" is under way.`,
        'Wait until it is done.',
      );
    }
    const begun: Work = { kind, by, startedAt: new Date(), finishedAt: null, outcome: null, failed: false };
    this.latest.set(aggregate, begun);
    logger.log(`${by} has begun a ${kind} of "${aggregate}" on the dashboard`);
    const finish = (outcome: string, failed: boolean): void =>
      void this.latest.set(aggregate, { ...begun, finishedAt: new Date(), outcome, failed });
    this.done.set(
      aggregate,
      work().then(
        (outcome) => finish(outcome, false),
        (error: unknown) => finish(error instanceof Error ? error.message : String(error), true),
      ),
    );
    return begun;
  }
}
