import { markdownTable } from './markdown-table.mjs';

/**
 * What one benchmark has measured.
 * @typedef {object} Result
 * @property {string} name
 * @property {string} description
 * @property {number} seconds that it took
 * @property {import('./benchmark.mjs').Section[]} sections
 */

/**
 * Results as Markdown, a heading for each benchmark and a table for each section.
 * @param {readonly Result[]} results
 */
export function report(results) {
  return results
    .flatMap(({ name, description, seconds, sections }) => [
      `## ${name}\n\n${description} Took ${seconds} s.\n`,
      ...sections.map(({ title, heading, cells, notes = [] }) => {
        const below = notes.length > 0 ? `\n${notes.map((note) => `- ${note}`).join('\n')}\n` : '';
        return `### ${title}\n\n${markdownTable(heading, cells)}${below}`;
      }),
    ])
    .join('\n');
}
