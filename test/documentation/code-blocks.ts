import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

const root = join(__dirname, '../..');

/** A fenced block of a page. */
export interface CodeBlock {
  readonly page: string;
  /** Of its first line of code. */
  readonly line: number;
  readonly language: string;
  readonly code: string;
  /** What has to have happened before it runs: `<!-- before: … -->` above the block. */
  readonly before: string | undefined;
  /** Of the repository, whose text it is: `<!-- file: … -->` above the block. Tests of their own run it. */
  readonly file: string | undefined;
}

export function documentedPages(): string[] {
  const packages = ['packages/adapter/README.md', 'packages/nest-module/README.md'];
  return ['README.md', ...packages, ...pagesIn('docs'), ...pagesIn('docs/recipes')];
}

function pagesIn(folder: string): string[] {
  const pages = readdirSync(join(root, folder)).filter((file) => file.endsWith('.md'));
  return pages.sort().map((file) => `${folder}/${file}`);
}

export function codeBlocks(page: string): CodeBlock[] {
  const lines = readFileSync(join(root, page), 'utf8').split('\n');
  const blocks: CodeBlock[] = [];
  for (let at = 0; at < lines.length; at++) {
    const language = /^```(.*)$/.exec(lines[at] as string)?.[1];
    if (language === undefined) continue;
    const end = lines.indexOf('```', at + 1);
    if (end < 0) throw new Error(`${page}:${at + 1}: the block has no end.`);
    const [, said, name] = /^<!-- (before|file): (.*) -->$/.exec(lines[at - 1] ?? '') ?? [];
    blocks.push({
      page,
      line: at + 2,
      language,
      code: lines.slice(at + 1, end).join('\n'),
      before: said === 'before' ? name : undefined,
      file: said === 'file' ? name : undefined,
    });
    at = end;
  }
  return blocks;
}

/** Where links into a page may lead, as GitHub names its headings. */
export function anchorsOf(page: string): Set<string> {
  const text = readFileSync(join(root, page), 'utf8').replace(/^```[\s\S]*?^```/gm, '');
  const headings = [...text.matchAll(/^#+ (.*)$/gm)].map(([, heading = '']) => heading);
  return new Set(
    headings.map((heading) =>
      heading
        .replace(/\[([^\]]*)\]\([^)]*\)/g, '$1')
        .toLowerCase()
        .replace(/[^\p{L}\p{N}\s_-]/gu, '')
        .replaceAll(' ', '-'),
    ),
  );
}
