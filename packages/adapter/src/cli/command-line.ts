import { createRequire } from 'node:module';
import { Command, CommanderError } from 'commander';
import { BackstoryError, InvalidOptionsError } from '../errors.js';
import { Cli, type ExitCode } from './cli.js';
import { coloured } from './colours.js';
import { archiveCommand } from './commands/archive.command.js';
import { backfillCommand } from './commands/backfill.command.js';
import { completionCommand } from './commands/completion.command.js';
import { doctorCommand } from './commands/doctor.command.js';
import { grantsCommand } from './commands/grants.command.js';
import { eraseCommand } from './commands/erase.command.js';
import { exportCommand } from './commands/export.command.js';
import { historyCommand } from './commands/history.command.js';
import { importCommand } from './commands/import.command.js';
import { initCommand } from './commands/init.command.js';
import { installCommand } from './commands/install.command.js';
import { keysCommand } from './commands/keys.command.js';
import { migrationCommand } from './commands/migration.command.js';
import { publicationCommand } from './commands/publication.command.js';
import { rebuildCommand } from './commands/rebuild.command.js';
import { relayCommand } from './commands/relay.command.js';
import { repairCommand } from './commands/repair.command.js';
import { sealCommand } from './commands/seal.command.js';
import { restoreCommand } from './commands/restore.command.js';
import { retainCommand } from './commands/retain.command.js';
import { snapshotsCommand } from './commands/snapshots.command.js';
import { stageCommand } from './commands/stage.command.js';
import { statusCommand } from './commands/status.command.js';
import { subjectCommand } from './commands/subject.command.js';
import { verifyCommand } from './commands/verify.command.js';
import { findApplication } from './find-application.js';
import type { ApplicationOptions } from './open-backstory.js';
import type { Terminal } from './terminal.js';
import { wrapped } from './wrapped.js';

const commands = [
  initCommand,
  installCommand,
  migrationCommand,
  statusCommand,
  doctorCommand,
  grantsCommand,
  backfillCommand,
  verifyCommand,
  repairCommand,
  restoreCommand,
  stageCommand,
  historyCommand,
  relayCommand,
  publicationCommand,
  rebuildCommand,
  snapshotsCommand,
  archiveCommand,
  exportCommand,
  importCommand,
  sealCommand,
  eraseCommand,
  subjectCommand,
  retainCommand,
  keysCommand,
  completionCommand,
];

const examples = `
Examples:
  $ npx backstory init --data-source dist/data-source.js
  $ npx backstory install --data-source dist/data-source.js
  $ npx backstory backfill order customer --data-source dist/data-source.js
  $ npx backstory verify --app dist/app.module.js --json
  $ npx backstory stage order shadow --reason "backfilled and verified" --data-source dist/data-source.js
  $ npx backstory history order 42 --data-source dist/data-source.js
  $ npx backstory relay retry mailer --stream order-42 --dry-run --data-source dist/data-source.js
  $ npx backstory --version
`;

/** Runs one command. Writes to the terminal's streams only, and leaves the process to its caller. */
export async function runCommandLine(argv: readonly string[], terminal: Terminal): Promise<ExitCode> {
  // not an option of every command: a history has versions of its own
  if (argv.length === 1 && argv[0] === '--version') {
    terminal.stdout.write(`${versionOf(process.argv[1])}\n`);
    return 0;
  }
  const cli = new Cli(terminal);
  try {
    await commandTree(cli).parseAsync([...argv], { from: 'user' });
    return cli.exitCode;
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 1;
    terminal.stderr.write(`${inWords(error as Error, argv.includes('--debug'), terminal)}\n`);
    return BackstoryError.is(error, 'CAPTURE_OUTDATED') || BackstoryError.is(error, 'NOT_INSTALLED') ? 2 : 1;
  }
}

/** Everything that the program understands. */
export function commandTree(cli: Cli): Command {
  const { terminal } = cli;
  const program = new Command('backstory')
    .description('Gives an existing NestJS + TypeORM + PostgreSQL application a history')
    .option(
      '--data-source <file>',
      'file that exports the TypeORM DataSource; without it, the one in its usual place',
    )
    .option('--app <file>', 'file that exports the Nest root module, instead of --data-source')
    .option(
      '--config <file>',
      'file that exports BackstoryOptions; without it, what the application named at its last start',
    )
    .option('--schema <name>', "PostgreSQL schema of Backstory's tables")
    .option('--tenants <names>', 'one report for each of these tenants: their schemas, with commas between')
    .option('--tenants-query <sql>', 'for each tenant in the first column of what this gives')
    .option('--all-tenants', 'for each schema that has the tables of the entities that name no schema')
    .option('--at-once <number>', 'tenants at once; 4 without it')
    .option('--json', 'print the result as JSON')
    .option('--debug', 'print stack traces')
    .addHelpText('after', examples)
    .configureHelp({ showGlobalOptions: true })
    .showHelpAfterError('(add --help for the ways to call it)')
    .configureOutput({
      writeOut: (text) => void terminal.stdout.write(text),
      writeErr: (text) => void terminal.stderr.write(text),
    })
    .exitOverride()
    .hook('preAction', (_, command) => {
      nameApplication(program, command, terminal);
      const { tenants, tenantsQuery, allTenants } = command.optsWithGlobals<ApplicationOptions>();
      if ((tenants ?? tenantsQuery ?? allTenants) === undefined) return;
      if (!['init', 'migration', 'completion'].includes(command.name())) return;
      throw new InvalidOptionsError(
        `"${command.name()}" is not for tenants.`,
        'Leave --tenants, --tenants-query and --all-tenants out.',
      );
    });
  for (const command of commands) command(program, cli);
  return program;
}

/** What the options leave out is found; what nobody has said is said on the terminal. */
function nameApplication(program: Command, command: Command, { stderr }: Terminal): void {
  const given = command.optsWithGlobals<ApplicationOptions>();
  if ((given.dataSource ?? given.app) !== undefined || command.name() === 'completion') return;
  const { options, isGuessed } = findApplication(process.cwd(), process.env);
  if (isGuessed) stderr.write(`The application: ${options.dataSource ?? ''}\n`);
  for (const [name, value] of Object.entries({ ...options, config: given.config ?? options.config }))
    program.setOptionValueWithSource(name, value, 'found');
}

function versionOf(programFile: string | undefined): string {
  const { version } = createRequire(programFile ?? process.execPath)('@backstory/adapter/package.json') as {
    version: string;
  };
  return version;
}

/** An error of somebody's database or application has a message, too, which is often enough. */
function inWords({ message, stack }: Error, debug: boolean, { stderr }: Terminal): string {
  if (debug && stack !== undefined) return stack;
  const [first = '', ...rest] = wrapped(stderr, message).split('\n');
  return [coloured(stderr, 'red', first), ...rest].join('\n');
}
