import { quoteIdentifier } from '../database/index.js';

/**
 * The statements of a migration, for tables in a schema. Its name may have whatever a name may, also what ends the body of a
 * function: such marks give way to others.
 */
export function migrationSql(sql: string, schema: string): string {
  const quoted = quoteIdentifier(schema);
  let text = sql;
  let number = 0;
  for (const mark of new Set(sql.match(/\$\w*\$/g))) {
    if (!quoted.includes(mark)) continue;
    let other = mark;
    while (text.includes(other) || quoted.includes(other)) other = `$backstory_${++number}$`;
    const free = other;
    text = text.replaceAll(mark, () => free);
  }
  return text.replaceAll(':schema', () => quoted);
}
