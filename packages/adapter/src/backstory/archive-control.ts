import type { AggregateFilter } from '../aggregates/index.js';
import {
  archiveAggregate,
  type ArchiveOptions,
  type ArchiveReport,
  restoreArchive,
  type RestoreReport,
} from '../archive/index.js';
import type { Database } from '../database/index.js';
import type { MappingRegistry } from '../mapping/index.js';
import type { ProgressOptions } from '../observation/index.js';
import type { StageControl } from './stage-control.js';
import { refuseOff } from '../stages/index.js';

/** Keeps the log small: old events that no stream and no consumer needs are moved to a table of their own, and back. */
export class ArchiveControl {
  /** @internal */
  constructor(
    private readonly database: Database,
    private readonly schema: string,
    private readonly mappings: MappingRegistry,
    private readonly stages: StageControl,
  ) {}

  /**
   * Moves events that their streams can do without to the archive, while the application goes on. History, versions and
   * moments are read from both tables as before; a projection that is rebuilt gets the states instead.
   * Of all aggregates those in stage `off` are left out.
   * @throws InvalidOptionsError
   * @throws BackstoryError STAGE_REFUSED for one that was named and is off; ARCHIVE_FAILED when a stream would not give its row any more; its batch is taken back
   * @example await backstory.archive.move({ aggregates: ['order'], before: new Date('2025-01-01') });
   */
  async move({ aggregates = 'all', ...options }: ArchiveOptions & AggregateFilter): Promise<ArchiveReport[]> {
    const reports: ArchiveReport[] = [];
    for (const mapping of this.mappings.select(aggregates)) {
      if ((await this.stages.get(mapping.category)) === 'off') {
        if (aggregates === 'all') continue;
        refuseOff(mapping.category, 'what its rows are is not in its events, so none of them can go');
      }
      reports.push(await archiveAggregate(this.database, this.schema, mapping, options));
    }
    return reports;
  }

  /**
   * Puts archived events back into the log, where they were. What `onProgress` hears of are events, without a total.
   * @example await backstory.archive.restore({ aggregates: ['order'] });
   */
  async restore({ aggregates = 'all', ...following }: AggregateFilter & ProgressOptions = {}): Promise<
    RestoreReport[]
  > {
    const reports: RestoreReport[] = [];
    for (const mapping of this.mappings.select(aggregates))
      reports.push(await restoreArchive(this.database, this.schema, mapping, following));
    return reports;
  }
}
