const begin = '<!-- figures: written by `npm run bench -- --write` -->';
const end = '<!-- end of the figures -->';

/**
 * The page with other figures between its markers; what is written by hand around them stays.
 * @param {string} page
 * @param {string} figures as Markdown
 */
export function withFigures(page, figures) {
  const from = page.indexOf(begin);
  const to = page.indexOf(end);
  if (from < 0 || to < from) throw new Error(`The page has no place for figures: "${begin}" and "${end}".`);
  return `${page.slice(0, from)}${begin}\n\n${figures.trim()}\n\n${page.slice(to)}`;
}
