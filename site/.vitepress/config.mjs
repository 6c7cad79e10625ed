import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { navigation } from '../navigation.mjs';
import { linkToRepository } from '../repository-links.mjs';

const site = join(dirname(fileURLToPath(import.meta.url)), '..');
const root = join(site, '..');

/** @param {string} path of a file in the repository */
const isPage = (path) =>
  /^(README|CONTRIBUTING|CHANGELOG)\.md$/.test(path) || (path.startsWith('docs/') && path.endsWith('.md'));

/** @param {string} page */
const addressOf = (page) => `/${page.replace(/(^|\/)README\.md$/, '$1').replace(/\.md$/, '')}`;

/** @param {string} page */
const titleOf = (page) => {
  if (page === 'README.md') return 'What it is';
  return (
    /^# (.*)$/m
      .exec(readFileSync(join(root, page), 'utf8'))?.[1]
      ?.replace(/^Recipe: (.)/, (_, first) => first.toUpperCase()) ?? page
  );
};

/** As GitHub names headings: pages are read there, too. @param {string} heading */
const slugOf = (heading) =>
  heading
    .toLowerCase()
    .replace(/[^\p{L}\p{N}\s_-]/gu, '')
    .replaceAll(' ', '-');

/** Pages are outside of this folder, where nobody looks for its packages: they get the Vue that is installed here. */
const vueForPages = {
  name: 'vue-for-pages',
  enforce: 'pre',
  /**
   * @param {string} id
   * @param {string | undefined} importer
   * @param {{ ssr?: boolean }} options
   */
  resolveId(id, importer, { ssr }) {
    if (!/^vue(\/|$)/.test(id) || importer?.startsWith(site)) return null;
    return ssr ? { id, external: true } : this.resolve(id, join(site, 'package.json'), { skipSelf: true });
  },
};

const tasks = navigation.map(({ text, pages }) => ({
  text,
  items: pages.map((page) => ({ text: titleOf(page), link: addressOf(page) })),
}));

/** @type {import('vitepress').UserConfig} */
export default {
  title: 'Backstory',
  description: 'Gives an existing NestJS + TypeORM + PostgreSQL application a history',
  lang: 'en',
  // Where the site isn't at the root of its host: /backstory/
  base: process.env.DOCS_BASE ?? '/',
  srcDir: '..',
  srcExclude: ['**/node_modules/**', 'packages/**', 'examples/**', 'test/**', 'site/**', '**/dist/**'],
  rewrites: { 'README.md': 'index.md', ':folder(.*)/README.md': ':folder/index.md' },
  outDir: './.vitepress/dist',
  cacheDir: './.vitepress/cache',
  cleanUrls: true,
  ignoreDeadLinks: [/^http:\/\/localhost/],
  markdown: {
    anchor: { slugify: slugOf },
    config: (markdown) =>
      linkToRepository(markdown, { root, isPage, repository: process.env.DOCS_REPOSITORY }),
  },
  vite: {
    plugins: [vueForPages],
    build: { chunkSizeWarningLimit: 2000 },
  },
  themeConfig: {
    nav: tasks.map(({ text, items }) => ({ text, link: items[0]?.link ?? '/' })),
    sidebar: tasks,
    outline: [2, 3],
    search: {
      provider: 'local',
      options: {
        miniSearch: {
          // What explains comes before what lists.
          searchOptions: {
            boostDocument: (/** @type {string} */ id) => (id.includes('/reference/') ? 0.2 : 1),
          },
        },
      },
    },
  },
};
