import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { Cli } from '../../../packages/adapter/src/cli/cli.js';
import { commandTree } from '../../../packages/adapter/src/cli/command-line.js';
import { runCommand } from '../../library/run-command.js';

const program = commandTree(new Cli({ stdout: new PassThrough(), stderr: new PassThrough() }));
const names = program.commands.map((command) => command.name());
const has = (shell: string): boolean => spawnSync(shell, ['--version']).status === 0;

describe('the help', () => {
  it.each(names)('of %s teaches by examples that the command understands', async (name) => {
    const { code, out } = await runCommand(name, '--help');
    expect(code).toBe(0);
    const examples = [...out.matchAll(/^ {2}\$ npx backstory (.+?) {3}/gm)].map(([, line = '']) => line);
    expect(examples.length).toBeGreaterThan(0);
    const command = program.commands.find((each) => each.name() === name);
    const known = [...(command?.options ?? []), ...program.options].map(({ long }) => long);
    for (const example of examples) {
      expect(example.split(' ')[0]).toBe(name);
      const given = [...example.replaceAll(/"[^"]*"/g, '').matchAll(/(--[a-z-]+)/g)].map(
        ([, option]) => option,
      );
      expect(given.filter((option) => !known.includes(option))).toEqual([]);
    }
    expect(out).toMatch(/Global Options:[^]*--json/);
  });

  it('lists every command, and none is without a dry run that writes', async () => {
    const { out } = await runCommand('--help');
    for (const name of names) expect(out).toMatch(new RegExp(`^  ${name} `, 'm'));
    const writing = [
      'init',
      'install',
      'backfill',
      'repair',
      'restore',
      'stage',
      'relay',
      'rebuild',
      'snapshots',
      'erase',
      'retain',
      'migration',
    ];
    for (const name of writing) {
      const command = program.commands.find((each) => each.name() === name);
      expect([name, command?.options.some(({ long }) => long === '--dry-run')]).toEqual([name, true]);
    }
  });

  it('is what docs/command-line.md says', () => {
    const text = readFileSync(join(__dirname, '../../../docs/command-line.md'), 'utf8');
    const [overview] = text.split('\n## Commands\n')[1]?.split('\n## ') ?? [];
    const rows = [...(overview ?? '').matchAll(/^\| `([^`]+)` +\| (.+?) +\|$/gm)].map(([, usage, what]) => [
      usage,
      what,
    ]);
    const commands = program.commands.flatMap((command) => [
      [
        [command.name(), command.usage().replace('[options] ', '').replace('[options]', '')].join(' ').trim(),
        command.description(),
      ],
    ]);
    expect(rows).toEqual(commands);
    const options = [...program.options, ...program.commands.flatMap((command) => command.options)];
    const documented = new Set(text.match(/--[a-z-]+/g));
    expect(options.map(({ long }) => long).filter((long) => !documented.has(long ?? ''))).toEqual([]);
  });
});

describe('completion', () => {
  const script = async (shell: string): Promise<string> => (await runCommand('completion', shell)).out;

  const inBash = async (...words: string[]): Promise<string[]> => {
    const ask = `COMP_WORDS=(${words.map((word) => `'${word}'`).join(' ')}); COMP_CWORD=${words.length - 1}
      _backstory; printf '%s\\n' "\${COMPREPLY[@]}"`;
    const { stdout, stderr } = spawnSync('bash', ['-c', `${await script('bash')}\n${ask}`], {
      encoding: 'utf8',
    });
    expect(stderr).toBe('');
    return stdout.split('\n').filter((line) => line !== '');
  };

  it('completes commands, options, values and files in bash', async () => {
    expect(await inBash('backstory', 'st')).toEqual(['status', 'stage']);
    expect(await inBash('backstory', 'stage', 'order', 's')).toEqual(['shadow']);
    expect(await inBash('backstory', '--json', 'stage', 'order', '--per')).toEqual(['--percent']);
    expect(await inBash('backstory', 'relay', 're')).toEqual(['retry']);
    expect(await inBash('backstory', 'repair', '--truth', '')).toEqual(['table', 'events']);
    expect(await inBash('backstory', 'status', '--data-source', 'package-l')).toEqual(['package-lock.json']);
    expect(await inBash('backstory', 'completion', '')).toEqual(
      expect.arrayContaining(['bash', 'zsh', 'fish']),
    );
  });

  const inFish = has('fish') ? it : it.skip;
  inFish('completes in fish', async () => {
    const ask = async (line: string): Promise<string[]> => {
      const { stdout, stderr } = spawnSync(
        'fish',
        ['--no-config', '-c', `${await script('fish')}\ncomplete -C '${line}'`],
        {
          encoding: 'utf8',
        },
      );
      expect(stderr).toBe('');
      return stdout.split('\n').flatMap((found) => found.split('\t')[0] || []);
    };
    expect(await ask('backstory st')).toEqual(['stage', 'status']);
    expect(await ask('backstory stage order sh')).toEqual(['shadow']);
    expect(await ask('backstory stage order --per')).toEqual(['--percent']);
    expect(await ask('backstory repair --truth ')).toEqual(['events', 'table']);
  });

  const inZsh = has('zsh') ? it : it.skip;
  inZsh('is a script that zsh takes', async () => {
    const load = `autoload -Uz compinit && compinit -u -D\n${await script('zsh')}\nprint $_comps[backstory]`;
    const { stdout, stderr } = spawnSync('zsh', ['-f', '-c', load], { encoding: 'utf8' });
    expect(stderr).toBe('');
    expect(stdout).toBe('_backstory\n');
  });

  it('refuses other shells in words', async () => {
    expect(await runCommand('completion', 'tcsh')).toMatchObject({
      code: 1,
      err: expect.stringContaining('Allowed choices are bash, zsh, fish'),
    });
  });
});
