import { quoteIdentifier, quoteLiteral } from '../database/index.js';
import { type EntityMapping, type PartMapping, tableOf } from '../mapping/index.js';
import type { ChangedParts } from './changed-rows.js';

/**
 * Which stream a change beneath a part belongs to is for that part's row to say, which the change doesn't lock. So whoever takes
 * a part elsewhere, with what is beneath it, and whoever changes something beneath it, take turns. Of parts that come or go
 * foreign keys see to that, where there are some.
 */
export function lockShapeSql(mapping: PartMapping, schema: string, changed: ChangedParts): string {
  const { before, after } = changed;
  const children = mapping.part.root.parts.filter(({ part }) => part.parent === mapping);
  const unguarded = children.filter(({ part }) => part.mayComeFirst);
  const lock = (shared: boolean): string =>
    `if capture.locks is not null then perform ${quoteIdentifier(schema)}.take_locks('shape', capture.locks, ${shared}); end if;`;
  const find = (names: readonly string[]): string =>
    `capture.locks := (select array_agg(distinct ${quoteIdentifier(schema)}.lock_of(x.name)) from (${names.join(' union all ')}) x (name) where x.name is not null);`;
  const ofRows = (namesOf: (alias: string) => readonly string[]): string[] => [
    ...(before ? namesOf('o').map((name) => `select ${name} from ${before} o`) : []),
    ...(after ? namesOf('n').map((name) => `select ${name} from ${after} n`) : []),
  ];
  const statements: string[] = [];
  if (before && after && children.length > 0) {
    const names = children.flatMap((child) => ['o', 'n'].map((alias) => nameBeneath(child, alias)));
    statements.push(
      find([`select unnest(array[${names.join(', ')}]) from ${movedRows(mapping, children, changed)}`]),
    );
    statements.push(lock(false));
  } else if (unguarded.length > 0) {
    statements.push(
      find(ofRows((alias) => unguarded.map((child) => nameBeneath(child, alias)))),
      lock(false),
    );
  }
  const above = ofRows((alias) => namesAbove(mapping, alias));
  if (above.length > 0) statements.push(find(above), lock(true));
  // what is further up may have been taken elsewhere while this waited
  if (namesAbove(mapping, 'o').length > 1) {
    statements.push(
      `loop
    capture.locked := capture.locks;
    ${find(above)}
    exit when capture.locks is not distinct from capture.locked;
    ${lock(true)}
  end loop;`,
    );
  }
  return statements.map((statement) => `  ${statement}`).join('\n');
}

/** Rows that refer to another parent after the statement, or that those beneath them find under another key. */
function movedRows(
  { key, part }: PartMapping,
  children: readonly PartMapping[],
  { before, after }: ChangedParts,
): string {
  const isSame = key.map(({ column }) => quoteIdentifier(column)).map((k) => `n.${k} = o.${k}`);
  const referenced = children.flatMap((child) => child.part.referenced);
  const columns = [...new Set([...part.columns, ...referenced])].map(quoteIdentifier);
  const row = (alias: string): string => `row(${columns.map((column) => `${alias}.${column}`).join(', ')})`;
  return `${before} o full join ${after} n on ${isSame.join(' and ')} where ${row('o')} is distinct from ${row('n')}`;
}

/** What those beneath a part's row, in one of its child tables, have in common. */
function nameBeneath({ category, part }: PartMapping, alias: string): string {
  return named(
    category,
    part.path,
    part.referenced.map((column) => `${alias}.${quoteIdentifier(column)}`),
  );
}

/** The same as its children know it, and then what its parent's row and those beside it have in common, up to the root. */
function namesAbove({ category, part }: EntityMapping, alias: string, depth = 0): string[] {
  if (!part?.parent.part) return [];
  const { path, parent, columns, referenced } = part;
  const values = columns.map((column, index) => {
    const key = parent.columns.find((each) => each.column === referenced[index]);
    return `cast(${alias}.${quoteIdentifier(column)} as ${key?.sqlType ?? 'text'})`;
  });
  const up = `backstory_up_${depth}`;
  const joined = referenced.map((column, index) => `${up}.${quoteIdentifier(column)} = ${values[index]}`);
  return [
    named(category, path, values),
    ...namesAbove(parent, up, depth + 1).map(
      (name) => `(select ${name} from ${tableOf(parent)} ${up} where ${joined.join(' and ')})`,
    ),
  ];
}

function named(category: string, path: string, values: readonly string[]): string {
  return [quoteLiteral(`${category} ${path}`), ...values.map((value) => `cast(${value} as text)`)].join(
    ` || ' ' || `,
  );
}
