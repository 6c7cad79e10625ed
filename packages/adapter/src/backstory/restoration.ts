import { refuseOtherTable } from '../capture/index.js';
import type { Database } from '../database/index.js';
import { requireKnownStream } from '../erasure/index.js';
import type { KnownAggregates } from '../aggregates/index.js';
import { entityName, type EntityTarget } from '../mapping/index.js';
import {
  type RestoredVersion,
  type RestoreOptions,
  type RestorationReport,
  restoreStream,
} from '../restoring/index.js';
import { readStages, refuseOff } from '../stages/index.js';

/** Brings back what entities were. Of aggregates that are off, or whose table is another one by now, nothing is written. */
export class Restoration {
  constructor(
    private readonly database: Database,
    private readonly schema: string,
    private readonly aggregates: KnownAggregates,
  ) {}

  /** See `Backstory.restore`. */
  async restore(
    target: EntityTarget,
    streamId: string | number | bigint,
    { version, asOf, ...options }: RestoredVersion & RestoreOptions,
  ): Promise<RestorationReport> {
    const { database, schema } = this;
    const mapping = await this.aggregates.get(entityName(target));
    const stage = (await readStages(database, schema)).get(mapping.category) ?? 'off';
    if (stage === 'off') refuseOff(mapping.knownAs, 'a restore would be no event of it');
    const [other] = await this.aggregates.elsewhere([mapping]);
    if (other) refuseOtherTable(other);
    const id = await requireKnownStream(database, schema, mapping, String(streamId));
    const wanted = { ...(version !== undefined && { version }), ...(asOf !== undefined && { asOf }) };
    return restoreStream(database, schema, mapping, id, wanted as RestoredVersion, options);
  }
}
