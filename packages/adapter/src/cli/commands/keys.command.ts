import { Argument, type Command } from 'commander';
import { type Cli, type CommandRun, print } from '../cli.js';
import { examples } from '../examples.js';
import { table } from '../terminal.js';
import { underWay } from '../under-way.js';

const lines = [
  ['keys --config backstory.config.js', 'under which keys those of subjects are wrapped'],
  ['keys rewrap --config backstory.config.js --dry-run', 'how many another one has wrapped'],
  ['keys rewrap --config backstory.config.js', 'wrap them by the one that wraps now'],
] as const;

const more = `To replace the key that wraps: put the new one in front of it, deploy, "keys rewrap", and take the former one away when "keys"
names it no more. What is encrypted stays readable. Run it as the owner of Backstory's tables.`;

export function keysCommand(program: Command, cli: Cli): void {
  program
    .command('keys')
    .addArgument(new Argument('[action]', 'what to do').choices(['list', 'rewrap']).default('list'))
    .option('--dry-run', 'rewrap: only say how many')
    .description(
      'the keys that wrap those of subjects, with which relays encrypt; exit code 2 where one is missing',
    )
    .addHelpText('after', examples(lines, more))
    .action(cli.action((backstory, input) => (input.args[0] === 'rewrap' ? rewrap : list)(backstory, input)));
}

const list: CommandRun = async (backstory, input) => {
  const keys = await backstory.keys.list();
  print(input, keys, () =>
    keys.length === 0
      ? 'No subject has a key yet: relays make them when they first encrypt.\n'
      : table(
          ['key', 'wraps', 'now', 'problem'],
          keys.map(({ keyId, subjects, present, problem }) => [
            keyId,
            `${subjects} ${subjects === 1 ? 'key' : 'keys'}`,
            present ? 'yes' : 'no',
            problem ?? '',
          ]),
        ),
  );
  return keys.some(({ problem }) => problem !== undefined) ? 2 : 0;
};

const rewrap: CommandRun = async (backstory, input) => {
  if (input.options['dryRun'] === true) {
    const keys = await backstory.keys.list();
    const broken = keys.find(({ problem }) => problem !== undefined);
    if (broken) return list(backstory, input);
    const count = (some: typeof keys): number => some.reduce((sum, { subjects }) => sum + subjects, 0);
    const due = { rewrapped: count(keys.filter(({ present }) => !present)), living: count(keys) };
    print(input, due, () => `Would wrap ${due.rewrapped} of ${due.living} keys anew.\n`);
    return 0;
  }
  const report = await underWay(input.terminal, 'keys rewrap', (following) =>
    backstory.keys.rewrap(following),
  );
  const { rewrapped, living, stopped } = report;
  print(
    input,
    report,
    () =>
      `Wrapped ${rewrapped} of ${living} keys anew. ` +
      (stopped
        ? 'Stopped before the end: the same command goes on.\n'
        : '"npx backstory keys" shows whether one needs a former key.\n'),
  );
  return stopped ? 1 : 0;
};
