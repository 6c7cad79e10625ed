/** The types that columns of the soak have. */
export type ColumnType =
  'int' | 'bigint' | 'text' | 'varchar' | 'numeric' | 'timestamptz' | 'boolean' | 'jsonb' | 'uuid';

export interface ColumnShape {
  /** Names it through renames and changes of type. */
  readonly key: string;
  readonly property: string;
  readonly column: string;
  readonly type: ColumnType;
  /** Of numeric. */
  readonly scale: number;
  readonly nullable: boolean;
  /** In SQL. */
  readonly default?: string;
  /** A text that holds whole numbers only, so that it may become an int. */
  readonly digits?: boolean;
}

export interface EntityShape {
  readonly key: string;
  readonly name: string;
  readonly table: string;
  readonly idType: 'int' | 'uuid';
  readonly columns: readonly ColumnShape[];
  /** The key of the entity that its foreign key refers to. */
  readonly parent?: string;
  /** What the parent calls its rows. */
  readonly relation?: string;
  /** Whether it is part of its parent's aggregate. */
  readonly owned: boolean;
  /** Former names of properties, each with the name of this release. */
  readonly renamed: Readonly<Record<string, string>>;
  readonly defaults: Readonly<Record<string, unknown>>;
}

/** What one deployment brings: entities, and the migration from the release before. */
export interface Release {
  readonly number: number;
  /** In words, for whoever reads a failure. */
  readonly change: string;
  /** Parents before their children: the order in which transactions go through the tables. */
  readonly entities: readonly EntityShape[];
  readonly migration: readonly string[];
  /** Keys of entities on which statements of the release before fail from now on, with Backstory or without. */
  readonly breaks: readonly string[];
  /** What the documentation says to run "repair" for: properties of an entity, or `*`. */
  readonly repairs: readonly { readonly entity: string; readonly property: string }[];
  /** Tables of entities that are gone already: of each aggregate the documentation says to end its capture. */
  readonly drops: readonly string[];
  /** Values that the migration itself writes. */
  readonly writes: readonly string[];
}

export function sqlType({ type, scale }: Pick<ColumnShape, 'type' | 'scale'>): string {
  if (type === 'varchar') return 'varchar(80)';
  return type === 'numeric' ? `numeric(16, ${scale})` : type;
}

export const quoted = (name: string): string => `"${name}"`;

export function columnSql(column: ColumnShape): string {
  return [
    quoted(column.column),
    sqlType(column),
    column.nullable ? '' : 'not null',
    column.default === undefined ? '' : `default ${column.default}`,
  ].join(' ');
}

export function createTableSql(entity: EntityShape, parent: EntityShape | undefined): string[] {
  const id =
    entity.idType === 'int' ? 'id serial primary key' : 'id uuid primary key default gen_random_uuid()';
  const reference = parent
    ? [`parent_id ${parent.idType} not null references ${quoted(parent.table)} on delete cascade`]
    : [];
  return [
    `create table ${quoted(entity.table)} (${[id, ...reference, ...entity.columns.map(columnSql)].join(', ')})`,
    ...(parent ? [`create index on ${quoted(entity.table)} (parent_id)`] : []),
  ];
}
