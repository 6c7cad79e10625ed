import { existsSync, writeFileSync } from 'node:fs';
import type { Command } from 'commander';
import { InvalidOptionsError } from '../../errors.js';
import { configurationText, type Proposal } from '../../proposal/index.js';
import { proposeConfiguration } from '../../propose-configuration.js';
import { type Cli, type CommandInput, print } from '../cli.js';
import { formatOf } from '../configuration-file.js';
import { examples } from '../examples.js';
import { withDataSource } from '../open-backstory.js';

const lines = [
  ['init --data-source dist/data-source.js --dry-run', 'show it, write nothing'],
  ['init --data-source dist/data-source.js', 'write backstory.config.js'],
  ['init --app dist/app.module.js --out src/backstory.config.ts', 'TypeScript, for the application'],
] as const;

const more = `It says why for each thing that it proposes:
  owns     rows that are deleted or saved with another, and belong to nobody else; rows of join tables
  category a shorter name than the default, for the names of streams
  exclude  columns that look like secrets or personal numbers; tables that look like queues, sessions, caches
Changes nothing in the database. Look through the file: only you know the application.`;

export function initCommand(program: Command, cli: Cli): void {
  program
    .command('init')
    .option('--out <file>', 'where to write it', 'backstory.config.js')
    .option('--force', 'write over a file that is there')
    .option('--dry-run', 'show what would be written')
    .description('look at an existing application, and propose a configuration with reasons')
    .addHelpText('after', examples(lines, more))
    .action(async (_options: unknown, command: Command) => {
      const options = command.optsWithGlobals<CommandInput['options']>();
      await init({ terminal: cli.terminal, options, args: [] });
    });
}

async function init(input: CommandInput): Promise<void> {
  const { options } = input;
  const file = String(options['out']);
  const format = formatOf(file);
  const dryRun = options['dryRun'] === true;
  if (!dryRun && existsSync(file) && options['force'] !== true) {
    throw new InvalidOptionsError(
      `${file} is there already.`,
      'Look at the proposal with --dry-run, write another file with --out, or write over it with --force.',
    );
  }
  const proposal = await withDataSource(options, proposeConfiguration);
  const text = configurationText(proposal, format);
  // "wx" refuses a file that has come into being meanwhile
  if (!dryRun) writeFileSync(file, text, { flag: options['force'] === true ? 'w' : 'wx' });
  print(input, { file, format, written: !dryRun, ...proposal }, () =>
    dryRun ? text : `${inWords(proposal)}Written to ${file}. Look through it. ${whatNext(options, file)}`,
  );
}

function inWords({ aggregates, exclude }: Proposal): string {
  const count = (number: number, one: string, many: string): string =>
    `${number} ${number === 1 ? one : many}`;
  const owned = aggregates.reduce((sum, { owns }) => sum + owns.length, 0);
  const hidden = aggregates.reduce((sum, each) => sum + each.exclude.length, 0);
  return (
    `${count(owned, 'relation is owned', 'relations are owned')}, ` +
    `${count(hidden, 'column', 'columns')} and ${count(exclude.length, 'table', 'tables')} left out.\n`
  );
}

function whatNext({ dataSource, app }: CommandInput['options'], file: string): string {
  const application = app ? `--app ${app}` : `--data-source ${dataSource ?? ''}`;
  if (app)
    return `Then give it to BackstoryModule.forRoot(), and run:\n  npx backstory install ${application}\n`;
  return `Then:\n  npx backstory install ${application} --config ${file}\n`;
}
