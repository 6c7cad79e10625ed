/** @param {import('./benchmark.mjs').Section} section @returns {string} */
export function markdown({ title, heading, cells, notes = [] }) {
  const widths = heading.map((text, column) =>
    Math.max(text.length, ...cells.map((row) => row[column]?.length ?? 0)),
  );
  /** @param {string[]} row */
  const line = (row) => `| ${row.map((text, column) => text.padEnd(widths[column] ?? 0)).join(' | ')} |`;
  const table = [line(heading), line(widths.map((width) => '-'.repeat(width))), ...cells.map(line)];
  return [`### ${title}`, '', ...table, '', ...notes.map((note) => `- ${note}`)].join('\n').trimEnd() + '\n';
}
