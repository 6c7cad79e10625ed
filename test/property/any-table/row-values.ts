import type { Column, Table, TableName } from './model.js';
import type { Picks } from './picks.js';
import { id, text } from './quoting.js';

export const writableOf = (table: Table): Column[] => table.columns.filter(({ writable }) => writable);

/** The keys that may be in a table: those that INHERIT share no index with their parent, so each has keys of its own. */
export function keysOf(table: Table, target: TableName): readonly (readonly string[])[] {
  if (table.layout !== 'inherited') return table.keys;
  const at = table.beneath.indexOf(target);
  return at < 0 ? table.keys.slice(0, 3) : table.keys.slice(3 + at, 4 + at);
}

export function keyCondition(table: Table, values: readonly string[], alias = ''): string {
  return table.key
    .map(({ name, type }, n) => `${alias}${id(name)} = ${text(values[n] as string)}::${type}`)
    .join(' and ');
}

/** A condition for one row, some rows or all of them. */
export function someRows(table: Table, target: TableName, picks: Picks, alias = ''): string {
  const keys = keysOf(table, target);
  const way = picks.of(['one', 'one', 'some', 'all', 'none'] as const);
  if (way === 'all') return 'true';
  if (way === 'none') return 'false';
  const chosen = way === 'one' ? [picks.of(keys)] : picks.some(keys, 50);
  return chosen.length === 0
    ? 'false'
    : chosen.map((key) => `(${keyCondition(table, key, alias)})`).join(' or ');
}

/** A value that a column may be given, as SQL. */
export function valueOf(column: Column, picks: Picks): string {
  if (column.nullable && picks.chance(20)) return 'null';
  return column.values.length === 0 ? 'null' : text(picks.of(column.values));
}

/** Rows to insert: their columns, and for each a value as text, null, or undefined for the column's default. */
export interface Rows {
  readonly columns: readonly Column[];
  readonly rows: readonly (readonly (string | null | undefined)[])[];
}

export function someNewRows(table: Table, target: TableName, picks: Picks, most = 3): Rows {
  const { key, reference } = table;
  const filled = key.length === 1 && key[0]!.filled && picks.chance(50);
  const referring = reference?.columns.filter((column) => !key.includes(column)) ?? [];
  const isOfKey = (column: Column): boolean => key.includes(column) || referring.includes(column);
  const others = writableOf(table).filter((column) => !isOfKey(column) && picks.chance(70));
  const columns = [...(filled ? [] : key), ...referring, ...others];
  const keys = keysOf(table, target);
  const rows = Array.from({ length: 1 + picks.number(most) }, () => {
    const own = picks.of(keys);
    const above = reference && picks.of(reference.parent.keys);
    const isOrphan = picks.chance(15);
    return columns.map((column) => {
      if (key.includes(column)) return own[key.indexOf(column)];
      if (referring.includes(column)) {
        return isOrphan && column.nullable
          ? null
          : (above as readonly string[])[reference!.columns.indexOf(column)];
      }
      if (column.filled && picks.chance(30)) return undefined;
      if (column.nullable && picks.chance(20)) return null;
      return column.values.length === 0 ? null : picks.of(column.values);
    });
  });
  return { columns, rows };
}

export function rowSql(row: Rows['rows'][number]): string {
  return `(${row.map((value) => (value === undefined ? 'default' : value === null ? 'null' : text(value))).join(', ')})`;
}

/** What an UPDATE sets. */
export function someAssignments(table: Table, target: TableName, picks: Picks): string[] {
  const { key, reference, note, count } = table;
  const free = writableOf(table).filter(
    (column) => !key.includes(column) && !reference?.columns.includes(column),
  );
  const set = picks.some(free, 30).map((column) => `${id(column.name)} = ${valueOf(column, picks)}`);
  if (set.length === 0) {
    const { name } = note;
    return [
      picks.of([
        `${id(name)} = left(coalesce(${id(name)}, ''), 20) || 'x'`,
        `${id(count.name)} = coalesce(${id(count.name)}, 0) + 1`,
        `${id(name)} = ${id(name)}`,
      ]),
    ];
  }
  if (reference && !reference.columns.some((column) => key.includes(column)) && picks.chance(30)) {
    const to = picks.of(reference.parent.keys);
    const away = reference.columns[0]!.nullable && picks.chance(25);
    set.push(
      ...reference.columns.map(({ name }, n) => `${id(name)} = ${away ? 'null' : text(to[n] as string)}`),
    );
  }
  if (picks.chance(15)) {
    const to = picks.of(keysOf(table, target));
    set.push(...key.map(({ name }, n) => `${id(name)} = ${text(to[n] as string)}`));
  }
  return set;
}
