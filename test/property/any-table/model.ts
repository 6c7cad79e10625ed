import type { EntitySchemaColumnOptions } from 'typeorm';

/** A column of a made-up table. */
export interface Column {
  readonly name: string;
  readonly property: string;
  /** As a cast names it, and as the table's definition does. */
  readonly type: string;
  readonly definition: string;
  readonly typeorm: Partial<EntitySchemaColumnOptions>;
  /** Texts that it is written with. */
  readonly values: readonly string[];
  readonly writable: boolean;
  readonly nullable: boolean;
  /** Gets a value where none is given: serial, identity, default. */
  readonly filled?: 'serial' | 'identity' | 'always' | 'default';
  /** It isn't in the entity, or excluded from events, or virtual: then it is in no event. */
  readonly role: 'captured' | 'excluded' | 'unmapped' | 'virtual';
}

export interface TableName {
  readonly schema: string;
  readonly name: string;
}

/** How a part refers to the table above it. */
export interface Reference {
  readonly parent: Table;
  /** Of the part, in the order of the parent's key. */
  readonly columns: readonly Column[];
  /** Properties of the relation in the part and in the parent. */
  readonly up: string;
  readonly down: string;
  readonly constraint: string;
  readonly actions: string;
  /** Whether the columns have properties of their own, beside the relation. */
  readonly explicit: boolean;
}

export interface Table extends TableName {
  readonly entity: string;
  /** Of the root. */
  readonly category: string;
  /** Path of a part from its root; empty for a root. */
  readonly path: string;
  readonly key: readonly Column[];
  /** All, with key and references. */
  readonly columns: readonly Column[];
  /** Text and integer columns that the triggers and generated columns use. */
  readonly note: Column;
  readonly count: Column;
  readonly softDelete?: Column;
  /** Keys that are written, each as texts by column. */
  readonly keys: readonly (readonly string[])[];
  readonly reference?: Reference;
  readonly parts: Table[];
  readonly layout: 'plain' | 'hash' | 'list' | 'inherited';
  /** Statements may name them. */
  readonly beneath: readonly TableName[];
  readonly view?: TableName;
  /** Definitions of the table, of what is beneath it, its view, its policies and its triggers. */
  readonly ddl: string[];
}

export interface Model {
  readonly backstorySchema: string;
  readonly ddl: readonly string[];
  readonly roots: readonly Table[];
  /** Roots and parts. */
  readonly tables: readonly Table[];
}
