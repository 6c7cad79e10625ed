import { EntitySchema } from 'typeorm';

const types = /** @type {const} */ (['text', 'integer', 'numeric', 'timestamptz', 'boolean']);

/** @type {Record<(typeof types)[number], string>} values of usual length, from the number of the row */
const values = {
  text: `'Value ' || md5(g::text)`,
  integer: 'g',
  numeric: 'g * 1.25',
  timestamptz: `timestamptz '2026-01-01' + g * interval '1.000001 seconds'`,
  boolean: 'g % 2 = 0',
};

/**
 * A table of so many columns, its key included; the others are text, integer, numeric, timestamptz and boolean by turns.
 * @param {number} columns
 */
export function wideRow(columns) {
  const names = Array.from({ length: columns - 1 }, (_, n) => `column${n + 1}`);
  /** @param {number} index */
  const typeOf = (index) => types[index % types.length] ?? 'text';
  const rest = Object.fromEntries(names.map((name, index) => [name, { type: typeOf(index) }]));
  return {
    entity: new EntitySchema({
      name: 'Wide',
      tableName: 'wide',
      columns: { id: { type: 'integer', primary: true }, ...rest },
    }),
    /** Of the rows 1 to $1. */
    insert: `insert into wide (id, ${names.join(', ')})
      select g, ${names.map((_, index) => values[typeOf(index)]).join(', ')} from generate_series(1, $1::integer) g`,
    /** Changes a text and a number of every row. */
    update: `update wide set column1 = 'Value ' || md5(column1), column2 = column2 + 1`,
  };
}
