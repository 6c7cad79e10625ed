import type { Column, Table } from './model.js';
import { id, named } from './quoting.js';

/** WHERE for the rows that are in a stream: one without a root is part of nothing. */
export function belongsSql({ reference }: Table, alias = 't'): string {
  if (!reference) return '';
  const { parent, columns } = reference;
  const same = parent.key
    .map(({ name }, n) => `${alias}u.${id(name)} = ${alias}.${id((columns[n] as Column).name)}`)
    .join(' and ');
  return `where exists (select from ${named(parent)} ${alias}u ${belongsSql(parent, `${alias}u`) || 'where true'} and ${same})`;
}
