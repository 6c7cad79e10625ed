import { hostileNames, quotedNames } from './hostile-names.js';
import { keyForms } from './key-forms.js';
import {
  anyColumn,
  column,
  keyColumn,
  type NamesOfTable,
  type OwnType,
  referringColumn,
} from './make-column.js';
import { triggerSql } from './make-triggers.js';
import type { Column, Reference, Table, TableName } from './model.js';
import { Picks } from './picks.js';
import { id, named, text } from './quoting.js';
import { UniqueNames } from './unique-names.js';

/** The choices that a table is made from. */
export interface TableSeed {
  readonly base: number;
  readonly columns: readonly number[];
  readonly triggers: readonly number[];
  readonly parts: readonly TableSeed[];
}

/** What all tables of a shape share. */
export interface Surroundings {
  readonly schemas: readonly string[];
  /** Of tables, types and indexes, in each schema. */
  readonly relations: readonly UniqueNames[];
  readonly entities: UniqueNames;
  readonly ownTypes: readonly OwnType[];
  /** Names of tables that another schema has, too. */
  readonly usedNames: string[];
  counter: number;
}

interface Above {
  readonly parent: Table;
  readonly parentNames: NamesOfTable;
}

export function makeTable(
  seed: TableSeed,
  around: Surroundings,
  entity: string,
  category: string,
  above?: Above,
): Table {
  const picks = new Picks(seed.base);
  const names: NamesOfTable = { columns: new UniqueNames(), properties: new UniqueNames(['constructor_']) };
  const { schema, name } = placeOf(picks, around);
  const layout = picks.of(
    above?.parent.key.some(({ type }) => type === 'public.mood')
      ? (['plain'] as const)
      : (['plain', 'plain', 'plain', 'hash', 'list', 'inherited'] as const),
  );
  // the hash of an enum is that of its oid, so it isn't the same in two databases
  const forms = keyForms.filter(
    ({ filled, type, values }) =>
      (layout === 'plain' || !filled) &&
      !(layout === 'hash' && type === 'public.mood') &&
      // each table has keys of its own
      !(layout === 'inherited' && values.length < 6),
  );
  const own = Array.from({ length: picks.of([1, 1, 1, 2, 3]) }, () =>
    keyColumn(names, picks, picks.of(forms)),
  );
  const identifying = above !== undefined && picks.chance(25);
  const reference = above && referenceTo(above, names, picks, identifying);
  const key = [...(identifying ? (reference?.columns ?? []) : []), ...own];
  const note = column(names, picks, {
    type: 'text',
    definition: 'text',
    typeorm: { type: 'text' },
    values: ['', 'a', "it's", '$$', 'ä 🐈'],
  });
  const count = column(names, picks, {
    type: 'integer',
    definition: 'integer',
    typeorm: { type: 'int' },
    values: ['0', '3', '7', '13', '-1'],
  });
  const softDelete = picks.chance(20)
    ? column(names, picks, {
        type: 'date',
        definition: 'date',
        typeorm: { type: 'date', deleteDate: true },
        values: ['2020-01-01'],
      })
    : undefined;
  const others = seed.columns.map((numbers) =>
    anyColumn(names, new Picks(numbers), { note, count }, around.ownTypes),
  );
  const columns = [
    ...new Set([
      ...key,
      ...(reference?.columns ?? []),
      note,
      count,
      ...(softDelete ? [softDelete] : []),
      ...others,
    ]),
  ];
  const ownKeys = Array.from({ length: 6 }, (_, i) =>
    own.map(({ values }, place) => values[(i + place * Math.floor(i / 2)) % values.length] as string),
  );
  const keys =
    identifying && above
      ? ownKeys.map((values, i) => [...(above.parent.keys[i % 3] as string[]), ...values])
      : ownKeys;
  const table: Table = {
    schema,
    name,
    entity,
    category,
    key,
    columns,
    note,
    count,
    keys,
    layout,
    path: above && reference ? [above.parent.path, reference.down].filter(Boolean).join('.') : '',
    ...(softDelete && { softDelete }),
    ...(reference && { reference }),
    parts: [],
    beneath: namesBeneath(layout, picks, around),
    ...(picks.chance(30) && { view: placeOf(picks, around) }),
    ddl: [],
  };
  // a root that may be named in another form than its own can own nothing
  for (const part of above || !key.some(hasForms) ? seed.parts : []) {
    table.parts.push(
      makeTable(part, around, around.entities.take(`Part${category}`), category, {
        parent: table,
        parentNames: names,
      }),
    );
  }
  table.ddl.push(...tableSql(table, picks));
  for (const numbers of seed.triggers) {
    // when all tables are there, and so by the model
    table.ddl.push(...triggerSql(table, new Picks(numbers), schema, around.counter++));
  }
  return table;
}

function hasForms({ type, definition }: Column): boolean {
  return (
    ['numeric', 'public.citext', 'float8', 'real'].includes(type) || definition.includes('ignoring_case')
  );
}

function placeOf(picks: Picks, { schemas, relations, usedNames }: Surroundings): TableName {
  const at = picks.number(schemas.length);
  const again = usedNames.length > 0 && picks.chance(30);
  const name = relations[at]!.take(
    (again ? picks.of(usedNames) : picks.of(hostileNames)).replaceAll('.', ''),
  );
  usedNames.push(name);
  return { schema: schemas[at] as string, name };
}

function referenceTo(
  { parent, parentNames }: Above,
  names: NamesOfTable,
  picks: Picks,
  identifying: boolean,
): Reference {
  const nullable = !identifying && picks.chance(70);
  return {
    parent,
    columns: parent.key.map((to) => referringColumn(names, picks, to, nullable)),
    up: names.properties.take(picks.of(hostileNames)),
    down: parentNames.properties.take(picks.of(hostileNames)),
    constraint: picks.of(quotedNames),
    actions: [
      picks.of(['on delete cascade', '', 'on delete set null', 'on delete cascade']),
      picks.of(['', 'on update cascade']),
      picks.of(['', '', 'deferrable', 'deferrable initially deferred']),
    ].join(' '),
    explicit: identifying || picks.chance(40),
  };
}

function namesBeneath(layout: Table['layout'], picks: Picks, around: Surroundings): TableName[] {
  return layout === 'plain' ? [] : Array.from({ length: 3 }, () => placeOf(picks, around));
}

function tableSql(table: Table, picks: Picks): string[] {
  const { key, reference, layout, beneath, view } = table;
  const list = (columns: readonly Column[]): string => columns.map(({ name }) => id(name)).join(', ');
  const dropped = picks.chance(30);
  const included =
    picks.chance(20) && table.columns.includes(table.count) ? ` include (${id(table.count.name)})` : '';
  const partitioned = layout === 'hash' || layout === 'list';
  const by = key[0] as Column;
  const [one, two, three] = beneath;
  const t = named(table);
  const define = (...more: string[]): string =>
    [...table.columns.map(({ definition }) => definition), ...more].join(', ');
  const ddl = [
    `create table ${t} (${dropped ? 'dropped_later text, ' : ''}${define(`constraint ${id(picks.of(quotedNames))} primary key (${list(key)})${included}`)})${partitioned ? ` partition by ${layout} (${id(by.name)})` : ''}`,
  ];
  if (dropped) ddl.push(`alter table ${t} drop column dropped_later`);
  if (one && two && three) {
    const first = text(by.values[0] as string);
    if (layout === 'inherited') {
      for (const [under, above] of [
        [one, t],
        [two, named(one)],
        [three, t],
      ] as const) {
        ddl.push(
          `create table ${named(under)} (only_here text, primary key (${list(key)})) inherits (${above})`,
        );
      }
    } else {
      // a partition whose columns have other numbers, and partitions of a partition
      const bounds =
        layout === 'hash'
          ? ['with (modulus 2, remainder 0)', 'with (modulus 2, remainder 1)']
          : [`in (${first})`, 'default'];
      const values = (bound: string): string => (bound === 'default' ? 'default' : `for values ${bound}`);
      ddl.push(
        `create table ${named(one)} (gone int, ${[...table.columns]
          .reverse()
          .map(({ definition }) =>
            definition.replace(/\b(big)?serial\b/, (_, big) => (big ? 'bigint' : 'integer')),
          )
          .join(', ')})`,
        `alter table ${named(one)} drop column gone`,
        `alter table ${t} attach partition ${named(one)} ${values(bounds[0] as string)}`,
        `create table ${named(two)} partition of ${t} ${values(bounds[1] as string)} partition by hash (${id(by.name)})`,
        `create table ${named(three)} partition of ${named(two)} for values with (modulus 1, remainder 0)`,
      );
    }
  }
  if (reference) {
    ddl.push(
      `alter table ${t} add constraint ${id(reference.constraint)} foreign key (${list(reference.columns)}) references ${named(reference.parent)} (${list(reference.parent.key)}) ${reference.actions}`,
    );
    if (picks.chance(60)) ddl.push(`create index on ${t} (${list(reference.columns)})`);
  }
  if (picks.chance(15)) {
    ddl.push(
      `alter table ${t} enable row level security`,
      `create policy ${id(picks.of(quotedNames))} on ${t} using (${id(table.count.name)} is distinct from 13)`,
    );
  }
  if (view)
    ddl.push(
      `create view ${named(view)} as select * from ${t} where ${id(table.count.name)} is distinct from 7`,
    );
  return ddl;
}
