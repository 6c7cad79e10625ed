import { type ColumnShape, columnSql, createTableSql, quoted, sqlType } from './release.js';
import type { DraftEntity, ReleaseDraft } from './release-draft.js';

/** Changes the draft. @returns what it did, in words, or nothing where there was nothing to do it to */
type Change = (draft: ReleaseDraft) => string | undefined;

const anyType = [
  'int',
  'bigint',
  'text',
  'varchar',
  'numeric',
  'timestamptz',
  'boolean',
  'jsonb',
  'uuid',
] as const;

const alter = (entity: { table: string }, what: string): string =>
  `alter table ${quoted(entity.table)} ${what}`;

function withColumns(draft: ReleaseDraft, atLeast: number): DraftEntity | undefined {
  return draft.random.pick(draft.entities.filter(({ columns }) => columns.length >= atLeast));
}

const constants = { int: ['7', 7], text: [`'new'`, 'new'], boolean: ['true', true] } as const;

/** By the kind that a plan asks for; the first name of each kind of the issue. */
export const changes: Readonly<Record<string, Change>> = {
  addNullable: (draft) => {
    const entity = draft.random.pick(draft.entities)!;
    const column = draft.column(anyType, { nullable: true });
    entity.columns.push(column);
    draft.migration.push(alter(entity, `add ${columnSql(column)}`));
    return `${entity.name} gets ${column.property} (${column.type})`;
  },

  /** Rows are filled without a trigger: the release says the default, or is repaired. */
  addDefault: (draft) => {
    const entity = draft.random.pick(draft.entities)!;
    const type = draft.random.pick(['int', 'text', 'boolean'] as const)!;
    const [sql, value] = constants[type];
    const column = draft.column([type], { default: sql });
    entity.columns.push(column);
    draft.migration.push(alter(entity, `add ${columnSql(column)}`));
    const declared = draft.random.chance(0.5);
    if (declared) entity.defaults[column.property] = value;
    else draft.repairs.push({ entity: entity.key, property: column.property });
    return `${entity.name} gets ${column.property} (${type} default ${sql}, ${declared ? 'declared' : 'repaired'})`;
  },

  addComputed: (draft) => {
    const entity = draft.random.pick(draft.entities)!;
    const [type, sql] = draft.random.pick([
      ['uuid', 'gen_random_uuid()'],
      ['timestamptz', 'clock_timestamp()'],
    ] as const)!;
    const column = draft.column([type], { default: sql, nullable: false });
    entity.columns.push(column);
    draft.migration.push(alter(entity, `add ${columnSql(column)}`));
    draft.repairs.push({ entity: entity.key, property: column.property });
    return `${entity.name} gets ${column.property} (default ${sql}, repaired)`;
  },

  /** What is running goes on to name it, and fails with Backstory and without. */
  dropAtOnce: (draft) => {
    const entity = withColumns(draft, 3);
    if (!entity) return undefined;
    const column = draft.random.pick(entity.columns)!;
    forget(entity, column.property);
    draft.migration.push(alter(entity, `drop column ${quoted(column.column)}`));
    draft.breaks.push(entity.key);
    return `${entity.name} loses ${column.property} at once`;
  },

  /** The first half of how it is done without a failure. */
  unmap: (draft) => {
    const entity = withColumns(draft, 3);
    if (!entity) return undefined;
    const column = draft.random.pick(entity.columns)!;
    forget(entity, column.property);
    draft.migration.push(
      column.nullable ? 'select 1' : alter(entity, `alter ${quoted(column.column)} drop not null`),
    );
    draft.unmapped.push({ table: entity.table, key: entity.key, column: column.column });
    return `${entity.name} doesn't map ${column.property} any more`;
  },

  dropUnmapped: (draft) => {
    const index = draft.unmapped.findIndex(({ key }) => draft.of(key));
    const [column] = index < 0 ? [] : draft.unmapped.splice(index, 1);
    if (!column) return undefined;
    draft.migration.push(alter(column, `drop column ${quoted(column.column)}`));
    return `${column.table}.${column.column} is dropped, which nothing maps`;
  },

  renameColumn: (draft) => {
    const entity = withColumns(draft, 1);
    const column = draft.random.pick(entity?.columns ?? []);
    if (!entity || !column) return undefined;
    const former = column.column;
    column.column = draft.newNames().column;
    draft.migration.push(alter(entity, `rename ${quoted(former)} to ${quoted(column.column)}`));
    draft.breaks.push(entity.key);
    return `${entity.name}.${column.property} is in ${column.column}, was in ${former}`;
  },

  renameBoth: (draft) => {
    const entity = withColumns(draft, 1);
    const column = draft.random.pick(entity?.columns ?? []);
    if (!entity || !column) return undefined;
    const former = { ...column };
    const names = draft.newNames();
    column.column = names.column;
    renameProperty(entity, column, names.property);
    draft.migration.push(alter(entity, `rename ${quoted(former.column)} to ${quoted(column.column)}`));
    draft.breaks.push(entity.key);
    return `${entity.name}.${former.property} is ${column.property}, column too`;
  },

  /** Two releases, both of which work, call one column differently. */
  renameProperty: (draft) => {
    const entity = withColumns(draft, 1);
    const column = draft.random.pick(entity?.columns ?? []);
    if (!entity || !column) return undefined;
    const former = column.property;
    renameProperty(entity, column, draft.newNames().property);
    draft.migration.push('select 1');
    return `${entity.name}.${former} is ${column.property}, its column stays`;
  },

  /** To a type that takes every value of the old one, from the old release too. */
  retype: (draft) => {
    const candidates = draft.entities.flatMap((entity) =>
      entity.columns
        .filter((column) => column.default === undefined)
        .flatMap((column) => wider(column).map((to) => ({ entity, column, to }))),
    );
    const picked = draft.random.pick(candidates);
    if (!picked) return undefined;
    const { entity, column, to } = picked;
    const before = sqlType(column);
    Object.assign(column, to);
    const name = quoted(column.column);
    draft.migration.push(
      alter(entity, `alter ${name} type ${sqlType(column)} using ${name}::${sqlType(column)}`),
    );
    return `${entity.name}.${column.property} is ${sqlType(column)}, was ${before}`;
  },

  newEntity: (draft) => {
    const depth = (entity: DraftEntity | undefined): number =>
      entity ? 1 + depth(draft.of(entity.parent)) : 0;
    const parents = draft.entities.filter((entity) => depth(entity) < 3);
    const parent = draft.random.chance(0.6) ? draft.random.pick(parents) : undefined;
    const entity = draft.entity(parent && { parent: parent.key, owned: draft.random.chance(0.5) });
    if (parent) entity.relation = `${entity.name[0]!.toLowerCase()}${entity.name.slice(1)}s`;
    entity.columns.push(draft.column(['text']), draft.column(anyType), draft.column(['int']));
    draft.entities.push(entity);
    draft.migration.push(...createTableSql(entity, parent));
    return `${entity.name} is new${parent ? `, ${entity.owned ? 'owned by' : 'child of'} ${parent.name}` : ''}`;
  },

  /** Its table stays, as careful teams have it. */
  entityGone: (draft) => {
    const leaving = draft.random.pick(
      draft.entities
        .map((entity) => draft.beneath(entity))
        .filter(({ length }) => draft.entities.length - length >= 2),
    );
    if (!leaving) return undefined;
    for (const { table, parent } of leaving) {
      const above = draft.of(parent)?.table;
      draft.forsaken.push({ table, ...(above !== undefined && { parent: above }) });
    }
    draft.migration.push('select 1');
    draft.entities = draft.entities.filter((entity) => !leaving.includes(entity));
    return `${leaving.map(({ name }) => name).join(', ')} gone, tables stay`;
  },

  /** In the order in which writers lock: what it refers to first. Nobody has written to it for a release. */
  dropTable: (draft) => {
    const left = draft.forsaken.shift();
    if (!left) return undefined;
    if (left.parent !== undefined) draft.migration.push(`lock table ${quoted(left.parent)}`);
    draft.migration.push(`drop table ${quoted(left.table)}`);
    draft.drops.push(left.table);
    return `table ${left.table} is dropped, which nothing maps`;
  },

  ownMore: (draft) => {
    const entity = draft.random.pick(draft.entities.filter(({ parent, owned }) => parent && !owned));
    if (!entity) return undefined;
    entity.owned = true;
    draft.migration.push('select 1');
    draft.repairs.push({ entity: entity.key, property: '*' });
    return `${draft.of(entity.parent)?.name} owns ${entity.name} from now on`;
  },
};

/** Types that take every value of a column. */
function wider({ type, scale, digits }: ColumnShape): Partial<ColumnShape>[] {
  if (digits) return [{ type: 'int', digits: false }];
  if (type === 'int') return [{ type: 'bigint' }, { type: 'numeric' }, { type: 'text' }];
  if (type === 'varchar' || type === 'uuid') return [{ type: 'text' }];
  return type === 'numeric' ? [{ scale: scale + 2 }] : [];
}

function forget(entity: DraftEntity, property: string): void {
  entity.columns = entity.columns.filter((column) => column.property !== property);
  delete entity.defaults[property];
  for (const [former, now] of Object.entries(entity.renamed))
    if (now === property) delete entity.renamed[former];
}

function renameProperty(entity: DraftEntity, column: { property: string }, property: string): void {
  const former = column.property;
  column.property = property;
  for (const [name, now] of Object.entries(entity.renamed))
    if (now === former) entity.renamed[name] = property;
  entity.renamed[former] = property;
  if (former in entity.defaults) {
    entity.defaults[property] = entity.defaults[former];
    delete entity.defaults[former];
  }
}
