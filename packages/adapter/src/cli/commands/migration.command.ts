import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { Command } from 'commander';
import { InvalidOptionsError } from '../../errors.js';
import { type Cli, type CommandInput, print } from '../cli.js';
import { formatOf } from '../configuration-file.js';
import { examples } from '../examples.js';
import { importPath } from '../import-path.js';
import { migrationText } from '../migration-text.js';
import { loggerOf } from '../logger-of.js';
import { pendingInstall } from '../open-backstory.js';

const lines = [
  ['migration --data-source dist/data-source.js --dir src/migrations', 'write one, if something is missing'],
  ['migration --data-source dist/data-source.js --dir src/migrations --dry-run', 'show it, write nothing'],
  [
    'migration --data-source dist/data-source.js --dir src/migrations --config src/backstory.config.ts',
    'with the options of that file',
  ],
] as const;

const more = `For teams whose database changes come from migrations only: the application starts with install: 'check'.
Write another after a release has named more, and after an upgrade of Backstory.`;

export function migrationCommand(program: Command, cli: Cli): void {
  program
    .command('migration')
    .requiredOption('--dir <folder>', "the folder of the application's migrations")
    .option('--js', 'write JavaScript instead of TypeScript')
    .option('--force', 'also if nothing is missing here')
    .option('--dry-run', 'show what would be written')
    .description('write a TypeORM migration that installs or renews capture')
    .addHelpText('after', examples(lines, more))
    .action(async (_options: unknown, command: Command) => {
      const options = command.optsWithGlobals<CommandInput['options']>();
      await migration({ terminal: cli.terminal, options, args: [] });
    });
}

async function migration(input: CommandInput): Promise<void> {
  const { options } = input;
  if (options.app) {
    throw new InvalidOptionsError(
      'Booting the application would install what the migration is to install.',
      'Name its data source with --data-source.',
    );
  }
  const { migrations, captured } = await pendingInstall(options, loggerOf(input.terminal));
  if (migrations.length + captured.length === 0 && options['force'] !== true) {
    return print(input, { file: null, captured }, () => 'Nothing is missing: no migration was written.\n');
  }
  const folder = String(options['dir']);
  const timestamp = Date.now();
  const file = join(folder, `${timestamp}-install-backstory.${options['js'] ? 'js' : 'ts'}`);
  const text = migrationText({
    timestamp,
    format: formatOf(file),
    ...(options.schema !== undefined && { schema: options.schema }),
    ...(options.config !== undefined && { configuration: importPath(file, options.config) }),
  });
  const written = options['dryRun'] !== true;
  if (written) {
    if (!existsSync(dirname(file))) mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, text, { flag: 'wx' });
  }
  print(input, { file, written, captured }, () =>
    written
      ? `Written to ${file}. It installs: ${captured.join(', ') || "Backstory's own tables"}. Run it with your other migrations.\n`
      : text,
  );
}
