import { readdirSync, readFileSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { navigation } from '../../site/navigation.mjs';
import { documentedPages } from './code-blocks.js';

const root = join(__dirname, '../..');

interface Manifest {
  readonly exports: Record<string, string | { import: { types: string } }>;
  readonly typesVersions: { readonly '*': Record<string, unknown> };
}

describe('the site', () => {
  it('has each page in its navigation, once', () => {
    const pages = documentedPages().filter((page) => !page.startsWith('packages/'));
    const shown = navigation.flatMap((task) => task.pages);
    const beside = ['docs/reference/README.md', 'docs/adr/README.md', 'CHANGELOG.md', 'CONTRIBUTING.md'];
    expect([...shown].sort()).toEqual([...pages, ...beside].sort());
  });

  it('has the pictures that pages show, and no large ones', () => {
    const shown = documentedPages().flatMap((page) => {
      const text = readFileSync(join(root, page), 'utf8');
      return [...text.matchAll(/ (?:src|srcset)="(.*?)"/g)].map(([, file = '']) => join(dirname(page), file));
    });
    const pictures = readdirSync(join(root, 'docs/pictures')).map((file) => `docs/pictures/${file}`);
    expect(shown.sort()).toEqual(pictures.sort());
    const large = pictures.filter((file) => statSync(join(root, file)).size > 100_000);
    expect(large).toEqual([]);
  });

  it('has each decision on the page of decisions', () => {
    const decisions = readdirSync(join(root, 'docs/adr')).filter((file) => file !== 'README.md');
    const text = readFileSync(join(root, 'docs/adr/README.md'), 'utf8');
    expect([...text.matchAll(/\]\((.*?)\)/g)].map(([, link]) => link)).toEqual(decisions.sort());
  });

  it('has a reference of each entry point, which TypeScript finds without exports, too', () => {
    const read = (file: string): unknown => JSON.parse(readFileSync(join(root, file), 'utf8'));
    const { entryPoints } = read('typedoc.json') as { entryPoints: string[] };
    const entries = ['packages/adapter', 'packages/nest-module'].flatMap((folder) => {
      const { exports, typesVersions } = read(`${folder}/package.json`) as Manifest;
      const paths = Object.entries(exports).filter(([, target]) => typeof target !== 'string');
      const names = paths.map(([path]) => path.slice('./'.length)).filter((name) => name !== '');
      expect(Object.keys(typesVersions['*']).sort()).toEqual(names.sort());
      return paths.map(([, target]) => {
        const { types } = (target as Exclude<typeof target, string>).import;
        return join(folder, types.replace('dist/esm', 'src').replace(/\.d\.ts$/, '.ts'));
      });
    });
    expect([...entryPoints].sort()).toEqual(entries.sort());
  });
});
