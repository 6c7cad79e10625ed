import { existsSync, statSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';

/**
 * Pages link to files of the repository that are no pages, such as an example's code. They lead to the repository where its
 * address is known (`DOCS_REPOSITORY`, such as https://github.com/acme/backstory/blob/main), and are plain text where it isn't. A link to
 * what isn't there is left as it is, so that the build fails.
 * @param {import('vitepress').MarkdownRenderer} markdown
 * @param {{ root: string, isPage: (path: string) => boolean, repository: string | undefined }} options
 */
export function linkToRepository(markdown, { root, isPage, repository }) {
  markdown.core.ruler.push('repository-links', ({ tokens, env }) => {
    for (const { children } of tokens) {
      let closing = false;
      for (const token of children ?? []) {
        if (token.type === 'link_close' && closing) {
          Object.assign(token, { tag: 'span' });
          closing = false;
        }
        const href = token.type === 'link_open' ? token.attrGet('href') : null;
        if (!href || /^(\w+:|#)/.test(href)) continue;
        const file = normalize(join(dirname(env.relativePath), href.split('#')[0] ?? ''));
        const overview = join(file, 'README.md');
        const place = join(root, file);
        if (isPage(file) || !existsSync(place)) continue;
        if (statSync(place).isDirectory() && isPage(overview)) token.attrSet('href', `/${overview}`);
        else if (repository) token.attrSet('href', `${repository}/${file}`);
        else {
          Object.assign(token, { tag: 'span', attrs: [['title', file]] });
          closing = true;
        }
      }
    }
  });
}
