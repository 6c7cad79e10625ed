/**
 * A table whose columns are as wide as their widest cell. What would end a cell early is escaped.
 * @param {readonly string[]} heading
 * @param {readonly (readonly string[])[]} cells rows; a short one is filled up with empty cells
 */
export function markdownTable(heading, cells) {
  const rows = [heading, ...cells].map((row) =>
    heading.map((_, column) => (row[column] ?? '').replaceAll('|', '\\|').replaceAll(/\s*\n\s*/g, ' ')),
  );
  const widths = heading.map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0), 3));
  /** @param {string[]} row */
  const line = (row) => `| ${row.map((text, column) => text.padEnd(widths[column] ?? 0)).join(' | ')} |\n`;
  const [first = [], ...others] = rows;
  return [first, widths.map((width) => '-'.repeat(width)), ...others].map(line).join('');
}
