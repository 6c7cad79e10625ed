import { Command, CommanderError, Option } from 'commander';
import { BackstoryError } from '../errors.js';
import { type ApplicationOptions, openBackstory } from './open-backstory.js';
import * as commands from './commands.js';
import type { Terminal } from './terminal.js';

/** 0 done · 1 failed · 2 found drift, or a fault in the set-up. */
export type ExitCode = 0 | 1 | 2;

/** Options that every command has. */
export interface GlobalOptions extends ApplicationOptions {
  json?: boolean;
  debug?: boolean;
}

/** Runs one command. Nothing is written but to the terminal's streams, and the process goes on. */
export async function runCommandLine(argv: readonly string[], terminal: Terminal): Promise<ExitCode> {
  let exitCode: ExitCode = 0;
  const program = new Command('backstory')
    .description('Gives an existing NestJS + TypeORM + PostgreSQL application a history')
    .option('--data-source <file>', 'compiled file that exports the TypeORM DataSource')
    .option('--app <file>', 'compiled file that exports the Nest root module, instead of --data-source')
    .option('--config <file>', 'file that exports BackstoryOptions; without it, what the application named at its last start')
    .option('--schema <name>', "PostgreSQL schema of Backstory's tables")
    .option('--json', 'print the result as JSON')
    .option('--debug', 'print stack traces')
    .addHelpText('after', examples)
    .configureOutput({
      writeOut: (text) => void terminal.stdout.write(text),
      writeErr: (text) => void terminal.stderr.write(text),
    })
    .exitOverride()
    .showHelpAfterError('(add --help for the ways to call it)');
  const logger = {
    log: (message: string) => void terminal.stderr.write(`${message}\n`),
    warn: (message: string) => void terminal.stderr.write(`${message}\n`),
  };
  /** Opens the application for one command and closes it whatever happens. */
  const withBackstory =
    (install: 'auto' | 'check', run: commands.CommandRun) =>
    async (...args: unknown[]): Promise<void> => {
      const options = (args.at(-1) as Command).optsWithGlobals<GlobalOptions & Record<string, unknown>>();
      const opened = await openBackstory(options, install, logger);
      try {
        exitCode = await run(opened.backstory, { terminal, options, args: args.slice(0, -2) as string[] });
      } finally {
        await opened.close();
      }
    };

  program.command('install').description("create or upgrade Backstory's tables and capture triggers").action(withBackstory('auto', commands.install));
  program.command('status').description('where each aggregate stands').action(withBackstory('check', commands.status));
  program
    .command('backfill')
    .argument('[aggregates...]', 'categories or entities; all when none is named')
    .option('--chunk-size <rows>', 'rows locked and written at a time', '1000')
    .description('write a first event for every row that has none, while the application goes on writing')
    .action(withBackstory('check', commands.backfill));
  program
    .command('verify')
    .argument('[aggregates...]', 'categories or entities; all when none is named')
    .option('--limit <streams>', 'drifted streams to list for each aggregate', '20')
    .description('prove that replaying the events gives the tables; exit code 2 when it does not')
    .action(withBackstory('check', commands.verify));
  program
    .command('repair')
    .argument('[aggregates...]', 'categories or entities; all when none is named')
    .option('--dry-run', 'only say what would be appended')
    .option('--by <name>', 'who repairs')
    .option('--reason <text>', 'why')
    .description('settle drift by appending corrections; the table is the truth, events are never changed')
    .action(withBackstory('check', commands.repair));
  program
    .command('stage')
    .argument('<aggregate>', 'category or entity')
    .argument('[stage]', 'off, capture, shadow or replay; without it, the history of its stages')
    .option('--by <name>', 'who changes it')
    .option('--reason <text>', 'why')
    .addOption(new Option('--force', 'go although a guard refuses; recorded'))
    .description('move an aggregate, or show how it was moved')
    .action(withBackstory('check', commands.stage));
  program
    .command('history')
    .argument('<aggregate>', 'category or entity')
    .argument('<id>', 'its primary key; parts of a composite key joined by ":"')
    .description('the events of one entity')
    .action(withBackstory('check', commands.history));

  try {
    await program.parseAsync([...argv], { from: 'user' });
    return exitCode;
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 1;
    const { message, stack } = error as Error;
    terminal.stderr.write(`${argv.includes('--debug') ? stack : `${BackstoryError.is(error) ? '' : 'Error: '}${message}`}\n`);
    return BackstoryError.is(error, 'CAPTURE_OUTDATED') || BackstoryError.is(error, 'NOT_INSTALLED') ? 2 : 1;
  }
}

const examples = `
Examples:
  $ npx backstory install --data-source dist/data-source.js
  $ npx backstory backfill order customer --data-source dist/data-source.js
  $ npx backstory verify --app dist/app.module.js --json
  $ npx backstory stage order shadow --reason "backfilled and verified" --data-source dist/data-source.js
  $ npx backstory history order 42 --data-source dist/data-source.js
`;
