import type { DefaultEventTypes } from '../event/index.js';
import type { AggregateOptions } from './aggregate-options.js';
import type { EntityMapping } from './entity-mapping.js';
import type { ResolvedRule } from './resolved-rule.js';

/** A column that is captured, found again by its number whatever it is called. */
export interface CapturedColumn {
  /** pg_attribute.attnum; 0 for a column of a table that was made again without it. */
  readonly number: number;
  /** What it was called when it was last seen. */
  readonly column: string;
  /** What it is called in events: the property of the release that was the first to capture it. Never given to another. */
  readonly property: string;
  /** Its type when it was last seen, and those that it had before while events were recorded. */
  readonly type: string;
  readonly formerTypes: readonly string[];
  /** A release has said that it never goes into an event. */
  readonly excluded?: true;
}

/** How a table that an aggregate owns is tied to its parent. Columns by their names in events. */
export interface CapturedOwnership {
  readonly path: string;
  readonly parentPath: string;
  readonly columns: readonly string[];
  readonly referenced: readonly string[];
}

/**
 * What is captured of a table, as the database keeps it: all that its triggers are generated from, but for what PostgreSQL's
 * catalogue says of it today. Properties go by their names in events.
 */
export interface CapturedTable {
  readonly knownAs: string;
  readonly columns: readonly CapturedColumn[];
  readonly key: readonly string[];
  readonly deletedAt?: string;
  readonly excluded: readonly string[];
  readonly renamed: Readonly<Record<string, string>>;
  readonly defaults: Readonly<Record<string, unknown>>;
  readonly eventTypes: DefaultEventTypes;
  readonly rules: readonly ResolvedRule[];
  readonly bookkeeping: readonly string[];
  readonly renamedTypes: Readonly<Record<string, string>>;
  readonly schemaVersion: number;
  readonly snapshotEvery: number;
  readonly foldsInSql: boolean;
  readonly readByItself: boolean;
  readonly part?: CapturedOwnership;
  /** Whose data it holds, as the newest release says. Undefined where a version of Backstory has stored it that kept it in the options only. */
  readonly persons?: CapturedPersons;
}

/** What the options say of persons, by names in events. */
export type CapturedPersons = Pick<EntityMapping, 'subject' | 'personal' | 'retain' | 'links'>;

/** A row of the table `aggregates`. */
export interface StoredTable {
  readonly category: string;
  /** Relation path of an owned table; empty for the aggregate's own. */
  readonly part: string;
  readonly entity: string;
  /** What the table was called when it was last seen. */
  readonly schema: string;
  readonly name: string;
  /** Of the table that the aggregate is bound to; null before it was captured for the first time. */
  readonly oid: number | null;
  /** Of the functions that capture it; null while nothing is captured. */
  readonly fingerprint: string | null;
  /** The table that the functions were made for; another than `oid` since a restore. */
  readonly functionsOid: number | null;
  /** The captured table that this one was put beneath while it was captured itself: by ATTACH PARTITION or INHERIT. */
  readonly beneath: string | null;
  /** Null where a version of Backstory has installed it that kept less. */
  readonly captured: CapturedTable | null;
  /** What the newest release has said of it. */
  readonly options: Partial<AggregateOptions>;
  /** Whether its functions are to refuse what no command explains, and whether they do. */
  readonly refuses: boolean;
  readonly isRefusing: boolean;
  /** Whether its functions are to record their failures and let writes go on, and whether they do. */
  readonly records: boolean;
  readonly isRecording: boolean;
}

/** The name that each property of a mapping has in events, where that is another. */
export function recordedNames(
  { columns }: Pick<EntityMapping, 'columns'>,
  captured: Pick<CapturedTable, 'columns'> | null | undefined,
): Map<string, string> {
  const names = new Map<string, string>();
  for (const { property, number } of columns) {
    const recorded = captured?.columns.find((column) => column.number === number)?.property ?? property;
    if (recorded !== property) names.set(property, recorded);
  }
  return names;
}
