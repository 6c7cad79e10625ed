import { quoteLiteral, quoteTable } from '../database/index.js';
import type { EntityMapping } from '../mapping/index.js';

/** Once for a table that is called as ever, and once for one that has another name until capture is renewed. */
export function asNamed(mapping: EntityMapping, sql: (isThere: boolean) => string): string {
  return `if to_regclass(${quoteLiteral(quoteTable(mapping.table))}) is not null then
${sql(true)}
  else
${sql(false)}
  end if;`;
}
