import { existsSync } from 'node:fs';
import type { Command } from 'commander';
import { InvalidOptionsError } from '../../errors.js';
import { configurationText, type Proposal } from '../../proposal/index.js';
import { proposeConfiguration } from '../../aggregates/index.js';
import { type Cli, type CommandInput, print } from '../cli.js';
import { compiledFile } from '../compiled-file.js';
import { formatOf } from '../configuration-file.js';
import { examples } from '../examples.js';
import { withDataSource } from '../open-backstory.js';
import { Questions } from '../questions.js';
import { type RootModule, rootModule } from '../set-up/root-module.js';
import {
  changeInWords,
  migrationFile,
  moduleByHand,
  moduleChange,
  requireFree,
  usualConfiguration,
} from '../set-up/set-up.js';
import { type FileChange, writeFiles } from '../set-up/write-files.js';

const lines = [
  ['init --data-source dist/data-source.js --dry-run', 'show it, write nothing'],
  ['init --data-source dist/data-source.js', 'ask on a terminal; elsewhere write backstory.config.js'],
  ['init --yes --data-source dist/data-source.js', 'the usual answers, without asking'],
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
    .option('--out <file>', 'where to write it; without it backstory.config.js, or what is answered')
    .option('--module <file>', 'put BackstoryModule into this root module, a source in TypeScript')
    .option(
      '--migrations <folder>',
      'write a migration that installs, where a database is changed by these only',
    )
    .option('--yes', 'the usual answers, without asking')
    .option('--force', 'write over a file that is there')
    .option('--dry-run', 'show what would be written')
    .description('look at an existing application, and propose a configuration with reasons')
    .addHelpText('after', examples(lines, more))
    .action(async (_options: unknown, command: Command) => {
      const options = command.optsWithGlobals<InitInput['options']>();
      await init({ terminal: cli.terminal, options, args: [] });
    });
}

interface InitOptions {
  out?: string;
  module?: string;
  migrations?: string;
  yes?: boolean;
  force?: boolean;
  dryRun?: boolean;
}

type InitInput = CommandInput & { readonly options: InitOptions };

/** What is to be written, decided before anything is. */
interface Plan {
  readonly file: string;
  readonly force: boolean;
  readonly migrations: string | undefined;
  readonly module: FileChange | undefined;
}

async function init(input: InitInput): Promise<void> {
  const { options, terminal } = input;
  const { dryRun = false, json = false, yes = false } = options;
  const asks = Questions.canBeAsked(terminal) && !dryRun && !json && !yes;
  const root = rootModule(options.module);
  const usual = options.out ?? (asks || yes ? usualConfiguration(root) : 'backstory.config.js');
  formatOf(usual);
  if (!asks && !dryRun && options.force !== true) requireFree(usual);
  const proposal = await withDataSource(options, proposeConfiguration);
  const plan = asks
    ? await ask(input, inWords(proposal), usual, root)
    : planOf(options, usual, root, yes || options.module !== undefined);
  const format = formatOf(plan.file);
  const text = configurationText(proposal, format);
  const migration =
    plan.migrations === undefined ? undefined : migrationFile(plan.migrations, plan.file, options.schema);
  const changes = [
    { file: plan.file, text, before: undefined, force: plan.force },
    ...(migration ? [migration] : []),
    ...(plan.module ? [plan.module] : []),
  ];
  if (!dryRun) writeFiles(changes);
  const files = { file: plan.file, migration: migration?.file ?? null, module: plan.module?.file ?? null };
  print(input, { ...files, format, written: !dryRun, ...proposal }, () => {
    if (dryRun) return [text, ...changes.slice(1).map(changeInWords)].join('\n');
    return `${asks ? '' : inWords(proposal)}${changes.map(({ file }) => `Written to ${file}.\n`).join('')}${whatNext(input, plan, migration)}`;
  });
}

/** Without questions: what the options say. @throws InvalidOptionsError for a named module that can't be edited */
function planOf(
  { migrations, module: named, force = false }: InitOptions,
  file: string,
  root: RootModule | undefined,
  withModule: boolean,
): Plan {
  const module = withModule ? moduleChange(root, file, migrations !== undefined) : undefined;
  if (named !== undefined && !module) {
    throw new InvalidOptionsError(
      `${named} has BackstoryModule already, or can't be edited for sure: that takes one @Module({ imports: […] }), and a configuration in TypeScript (--out src/backstory.config.ts).`,
      `Leave --module out, and put it there yourself:\n${moduleByHand(file, migrations !== undefined)}`,
    );
  }
  return { file, force, migrations, module };
}

async function ask(
  { options, terminal }: InitInput,
  found: string,
  usual: string,
  root: RootModule | undefined,
): Promise<Plan> {
  const questions = new Questions(terminal);
  try {
    terminal.stderr.write(found);
    const file = options.out ?? (await questions.text('Write the configuration to', usual));
    formatOf(file);
    const force =
      options.force === true ||
      (existsSync(file) && (await questions.confirm(`${file} is there already. Write over it?`, false)));
    if (!force) requireFree(file);
    const byMigrations =
      options.migrations !== undefined ||
      (await questions.confirm(
        'Is the database changed by migrations only? Then one that installs is written.',
        false,
      ));
    const migrations = byMigrations
      ? (options.migrations ?? (await questions.text('The folder of the migrations', 'src/migrations')))
      : undefined;
    const module = moduleChange(root, file, byMigrations);
    if (!module) return { file, force, migrations, module };
    terminal.stderr.write(changeInWords(module));
    const wanted = await questions.confirm('Change it so?', true);
    return { file, force, migrations, module: wanted ? module : undefined };
  } finally {
    questions.close();
  }
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

function whatNext({ options }: InitInput, { file, module }: Plan, migration: FileChange | undefined): string {
  const { app, dataSource = '' } = options;
  const byHand = module
    ? ''
    : `In a Nest application, put this into the root module:\n\n${moduleByHand(file, migration !== undefined)}\n`;
  const compiled = compiledFile(file, app ?? dataSource);
  const look = `Look through ${file}${compiled === file ? '' : ', and compile the application'}. `;
  const application = app ? `--app ${app}` : `--data-source ${dataSource} --config ${compiled}`;
  if (migration)
    return `${byHand}${look}Then run ${migration.file} with your other migrations, and:\n  npx backstory doctor ${application}\n`;
  return `${byHand}${look}Then:\n  npx backstory install ${application}\n`;
}
