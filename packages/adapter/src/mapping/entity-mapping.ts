import type { DefaultEventTypes, Upcasters } from '../event/index.js';
import type { CaptureFailurePolicy, RetainOptions } from './aggregate-options.js';
import type { TableBeneath } from './catalog.js';
import type { ResolvedRule } from './resolved-rule.js';
import type { ValueKind } from './value-kind.js';

/** One column of a captured table and the property that it stands under in event data. */
export interface ColumnMapping {
  /** TypeORM's property path: `total`, `shipping.street`; `customer.id` for a foreign key without a property. */
  readonly property: string;
  readonly column: string;
  /** Its number in the table (pg_attribute.attnum), which a rename doesn't change. */
  readonly number: number;
  readonly kind: ValueKind;
  /** The column's type as PostgreSQL sends it, which chooses pg's parser: for a domain, the type beneath. */
  readonly typeOid: number;
  /** The type's output function, qualified: what PostgreSQL prints a value with. */
  readonly outputFunction: string;
  /** The type as SQL names it, for casts from text. */
  readonly sqlType: string;
  /** Its name, alone where it is PostgreSQL's own, else with its schema; for a domain, of the type beneath. */
  readonly typeName: string;
  /** The same with its modifier, as the column is declared: `pg_catalog."numeric"(10,2)`. A domain has its own inside of it. */
  readonly declaredType: string;
  /**
   * The declared types that the column had when earlier events were recorded, oldest first: what they say is taken for a
   * value of today's type, see `asTypeSql`. Empty for a column that has always had this one.
   */
  readonly formerTypes: readonly string[];
  /** PostgreSQL computes it from other columns, so nobody can write it. */
  readonly generated: boolean;
  /** Whether `IS DISTINCT FROM` sees every difference: not so for numeric scale, -0, citext or json. */
  readonly exactEquality: boolean;
}

/** Whose streams the rows of an owned table are parts of, and the foreign key that says so. */
export interface Ownership {
  /** Relation path from the root, under which the rows stand in event data: `lines`, `lines.discounts`. */
  readonly path: string;
  /** The entity at the top, which has the streams. */
  readonly root: EntityMapping;
  /** The next one up: the root, or another part of it. */
  readonly parent: EntityMapping;
  /** Columns of the foreign key to the parent, and the parent's columns that they refer to. */
  readonly columns: readonly string[];
  readonly referenced: readonly string[];
  /** A row may be there before its parent: the key is deferrable, or no constraint guards it. */
  readonly mayComeFirst: boolean;
}

/** A table whose rows are parts of another entity's streams. */
export interface PartMapping extends EntityMapping {
  readonly part: Ownership;
}

/** How one table's rows become streams of one category, or parts of such streams. Knows nothing of the ORM. */
export interface EntityMapping {
  /** Of a part: its root's. */
  readonly category: string;
  /** Set for a part. */
  readonly part?: Ownership;
  /** Every part of this root, each before those beneath it; none of a part. */
  readonly parts: readonly PartMapping[];
  /** The entity's name in the application. */
  readonly entity: string;
  readonly table: { readonly schema: string; readonly name: string; readonly oid: number };
  /** Every table beneath it: statements may name them, too. */
  readonly partitions: readonly TableBeneath[];
  /** The table is gone, or nothing can be read of it as of this aggregate: what is known is what was captured. */
  readonly gone?: true;
  /** What stands for the table in a FROM clause, where that isn't its name. */
  readonly source?: string;
  /** Columns that an index begins with. */
  readonly indexed: readonly string[];
  /** The application reads its rows as entities: not those of a join table, which are read with others only. */
  readonly readByItself: boolean;
  /** One statement may change the same row more than once: then each change of a row is captured on its own. */
  readonly reentrant: boolean;
  /** Primary key columns in the order of the stream id; also among `columns`. */
  readonly key: readonly ColumnMapping[];
  readonly columns: readonly ColumnMapping[];
  /** Columns that the entity has and the table hasn't: an older release beside newer tables. */
  readonly missing: readonly ColumnMapping[];
  /** Names of all columns that the entity has, also of those that never go into an event. */
  readonly entityColumns: readonly string[];
  /** Properties that never go into an event; they are loaded from the table. */
  readonly excluded: readonly string[];
  /** Property paths that the application says are no secrets, whatever their names. */
  readonly included: readonly string[];
  /** Property paths that this application leaves out because they look like secrets, and nobody has said a word. */
  readonly withheld: readonly string[];
  /** What properties are called in events that are written now, where another release has captured them first under another name. */
  readonly recordedAs?: ReadonlyMap<string, string>;
  /** Former names of properties in old events, and their names of today. */
  readonly renamed: Readonly<Record<string, string>>;
  /** Values, as they stand in events, of properties that old events don't know. */
  readonly defaults: Readonly<Record<string, unknown>>;
  /** What the category is called today; `category` is the name that its events are stored under. */
  readonly knownAs: string;
  /** Former types of events, and their names of today. */
  readonly renamedTypes: Readonly<Record<string, string>>;
  /** Of the events that are written now. A part's is that of its root. */
  readonly schemaVersion: number;
  readonly upcasters: Upcasters;
  /** What events of commands do to the entity, as the options say. */
  readonly evolve?: object;
  /** Whether the fold in SQL gives what a replay gives: not where events are upcast by code. */
  readonly foldsInSql: boolean;
  /** Events between two snapshots; 0 for none. */
  readonly snapshotEvery: number;
  /** The soft-delete column, if the entity has one. */
  readonly deletedAt?: ColumnMapping;
  readonly eventTypes: DefaultEventTypes;
  /** Rules that name changes, first match first. */
  readonly rules: readonly ResolvedRule[];
  /** Properties that change with every update, and say nothing: version and update date. */
  readonly bookkeeping: readonly string[];
  /** The stage that the category has when it is first seen. */
  readonly initialStage: 'off' | 'capture';
  /** Properties that hold the id of another subject, by its category. */
  readonly subject?: Readonly<Record<string, string>>;
  /** Properties that are of a person. */
  readonly personal?: readonly string[] | 'all';
  readonly retain?: RetainOptions;
  /** What becomes of a write whose capture fails, as the options say. */
  readonly whenCaptureFails?: CaptureFailurePolicy;
  /** Properties that are foreign keys. */
  readonly links?: readonly string[];
  /** `schema.table` that the streams were bound to before, as the application says. */
  readonly movedFrom?: string;
}
