import type { EntityMapping } from '../mapping/index.js';
import type { ReplayCache } from '../replay/index.js';
import type { StageWatch } from '../stages/index.js';
import type { CaptureMends, poolOf } from '../connections/index.js';
import type { ReplayingReads } from '../reads/index.js';

/** What of a history takes part in what the application does. */
export interface LinkedHistory {
  /** PostgreSQL schema of its own tables. */
  readonly schema: string;
  readonly pool: ReturnType<typeof poolOf>;
  readonly reads: ReplayingReads;
  readonly stages: StageWatch;
  readonly mappings: () => readonly EntityMapping[];
  readonly mends: CaptureMends;
  /** Captures what has only come with migrations. */
  readonly afterMigrations: () => Promise<void>;
  readonly close: () => Promise<void>;
  /** Closes because the DataSource does not work any more, and says why. */
  readonly ended: (why: string) => Promise<void>;
}

/** How a history is linked to the application's DataSource: by itself, or along with those of other tenants. */
export interface HistoryLinks {
  /** The schema that names without one are looked for in where the history's projections write. */
  readonly tenant?: string;
  /** Replayed states that it keeps in memory along with others. */
  readonly cache?: ReplayCache;
  /** @returns ends it */
  readonly link: (history: LinkedHistory) => () => void;
}
