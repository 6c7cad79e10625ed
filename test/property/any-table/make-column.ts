import { majorVersionOfRun } from '@backstory/test/postgres';
import { valueTypes } from '../../values/value-types.js';
import { hostileColumnNames, hostileNames, quotedNames } from './hostile-names.js';
import type { KeyForm } from './key-forms.js';
import type { Column } from './model.js';
import type { Picks } from './picks.js';
import { id, text } from './quoting.js';
import type { UniqueNames } from './unique-names.js';

export interface NamesOfTable {
  readonly columns: UniqueNames;
  readonly properties: UniqueNames;
}

/** A type of the shape's own, in one of its schemas. */
export interface OwnType {
  readonly type: string;
  readonly values: readonly string[];
}

const castTypes: Record<string, string> = { serial: 'integer', bigserial: 'bigint' };
const plainTypes = Object.entries(valueTypes).sort(([a], [b]) => Number(b === 'text') - Number(a === 'text'));

type Given = Pick<Column, 'type' | 'typeorm' | 'values'> & { definition: string } & Partial<Column>;

/**
 * TypeORM cuts its aliases by characters, and PostgreSQL by bytes: a key with such a name is lost to TypeORM in every stage, and rows
 * without a key are returned as they are.
 */
const keyNames = hostileColumnNames.filter((name) => /^[ -~]*$/.test(name) || Buffer.byteLength(name) <= 31);

export function column(names: NamesOfTable, picks: Picks, { definition, ...given }: Given): Column {
  const role = given.role ?? 'captured';
  const known = given.nullable === false ? keyNames : hostileColumnNames;
  const name = names.columns.take(picks.of(role === 'unmapped' ? quotedNames : known));
  const likeColumn = !name.includes('.') && picks.chance(50);
  return {
    writable: true,
    nullable: true,
    role,
    ...given,
    name,
    property: names.properties.take(likeColumn ? name : picks.of(hostileNames)),
    definition: `${id(name)} ${definition}`,
  };
}

export function keyColumn(names: NamesOfTable, picks: Picks, form: KeyForm): Column {
  return column(names, picks, {
    type: castTypes[form.type] ?? form.type,
    definition: [form.type, form.suffix, 'not null'].filter(Boolean).join(' '),
    typeorm: form.typeorm,
    values: form.values,
    nullable: false,
    ...(form.filled && { filled: form.filled }),
  });
}

/** A column that refers to another, of its type: or, where that has no scale of its own, of one that takes the same for equal. */
export function referringColumn(names: NamesOfTable, picks: Picks, to: Column, nullable: boolean): Column {
  const collation = /collate \S+/.exec(to.definition.slice(id(to.name).length))?.[0] ?? '';
  const { generated: _, ...typeorm } = to.typeorm;
  const other = picks.chance(15)
    ? { integer: 'bigint', bigint: 'numeric', smallint: 'integer' }[to.type]
    : undefined;
  const type = other ?? to.type;
  return column(names, picks, {
    type,
    definition: `${type} ${collation} ${nullable ? '' : 'not null'}`,
    typeorm: other ? { type: other.replace(/\(.*/, '') as never } : typeorm,
    values: to.values,
    nullable,
  });
}

/** Any other column. `note` and `count` are there for expressions of generated ones. */
export function anyColumn(
  names: NamesOfTable,
  picks: Picks,
  { note, count }: { note: Column; count: Column },
  ownTypes: readonly OwnType[],
): Column {
  const role = picks.of([
    'captured',
    'captured',
    'captured',
    'captured',
    'captured',
    'captured',
    'excluded',
    'unmapped',
  ] as const);
  const kind = picks.of([
    'plain',
    'plain',
    'plain',
    'plain',
    'own',
    'generated',
    'virtual',
    'default',
  ] as const);
  if (kind === 'own' && ownTypes.length > 0) {
    const { type, values } = picks.of(ownTypes);
    return column(names, picks, { type, definition: type, typeorm: { type: 'varchar' }, values, role });
  }
  if (kind === 'generated' || (kind === 'virtual' && majorVersionOfRun() >= 18)) {
    const [type, typeorm, expression] = picks.of([
      ['text', 'text', `upper(${id(note.name)})`],
      ['integer', 'int', `coalesce(${id(count.name)}, 0) + 1`],
      ['numeric', 'numeric', `${id(count.name)} / 10.0`],
      ['jsonb', 'jsonb', `jsonb_build_object('x', ${id(note.name)})`],
      ['text', 'text', `${id(note.name)} || ${id(count.name)}::text`],
    ]);
    return column(names, picks, {
      type: type,
      definition: `${type} generated always as (${expression}) ${kind === 'generated' ? 'stored' : 'virtual'}`,
      typeorm: { type: typeorm as never, insert: false, update: false },
      values: [],
      writable: false,
      role: kind === 'virtual' && role === 'captured' ? 'virtual' : role,
    });
  }
  const [, { sql, typeorm, edges }] = picks.of(plainTypes);
  const type = sql.replace(/ collate .*/, '');
  const byDefault = kind === 'default' && edges.length > 0;
  return column(names, picks, {
    type,
    definition: `${sql}${byDefault ? ` not null default ${text(edges[0] as string)}` : ''}`,
    typeorm,
    values: edges,
    role,
    ...(byDefault && { nullable: false, filled: 'default' as const }),
  });
}
