import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { runCommandLine } from '../../packages/adapter/src/cli/command-line.js';

const root = join(__dirname, '../..');
/** Files that pages name, by the option that names them. */
const files = new Map([
  ['--data-source', join(__dirname, 'data-source.ts')],
  ['--config', join(__dirname, 'backstory-config.ts')],
]);

/** Runs a line that begins with `npx backstory`; of npm's own commands it looks whether they would do something. */
export async function runShellLine(line: string): Promise<void> {
  const command = line.replace(/\s+# .*$|^#.*$/, '').trim();
  if (command === '') return;
  const words = wordsOf(command);
  while (/^[A-Z_]+=/.test(words[0] ?? '')) words.shift();
  const [program, name, ...rest] = words;
  if (program === 'npx' && name === 'backstory') return runBackstory(rest, command);
  if (program === 'npm') return expectNpmCommand(name, rest);
  throw new Error(`Nobody knows how to run "${command}".`);
}

async function runBackstory(words: readonly string[], command: string): Promise<void> {
  const given = words.includes('--data-source') ? words : [...words, '--data-source', 'dist/data-source.js'];
  const argv = given.map((word, at) => files.get(given[at - 1] ?? '') ?? word);
  const streams = {
    stdout: new PassThrough().setEncoding('utf8'),
    stderr: new PassThrough().setEncoding('utf8'),
  };
  const code = await runCommandLine(argv, streams);
  // 2: it has run, and found something
  if (code === 0 || code === 2) return;
  throw new Error(`"${command}" ended with ${code}: ${streams.stderr.read()}${streams.stdout.read()}`);
}

function expectNpmCommand(name: string | undefined, rest: readonly string[]): void {
  if (name === 'ci' || name === 'test') return;
  if (name === 'run') {
    const [folder, script] = rest[0] === '-w' ? [rest[1], rest[2]] : ['.', rest[0]];
    const manifest = readFileSync(join(root, folder ?? '', 'package.json'), 'utf8');
    const { scripts } = JSON.parse(manifest) as { scripts: object };
    if (Object.hasOwn(scripts, script ?? '')) return;
  }
  if (name === 'install') {
    const folders: Record<string, string> = {
      '@backstory/adapter': 'adapter',
      '@backstory/nest-module': 'nest-module',
    };
    if (
      rest.every(
        (each) => !each.startsWith('@backstory/') || existsSync(join(root, 'packages', folders[each] ?? '?')),
      )
    )
      return;
  }
  throw new Error(`"npm ${[name, ...rest].join(' ')}" would do nothing.`);
}

/** Words as a shell has them: quotes keep what is in them together. */
function wordsOf(command: string): string[] {
  return [...command.matchAll(/"([^"]*)"|'([^']*)'|(\S+)/g)].map(
    ([, double, single, bare]) => double ?? single ?? bare ?? '',
  );
}
