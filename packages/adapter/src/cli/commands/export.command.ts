import type { Command } from 'commander';
import { InvalidOptionsError } from '../../errors.js';
import type { ExportCheck, ExportDifference, ExportFormat, ExportReport } from '../../files/index.js';
import { aggregatesOf, type Cli, type CommandRun, positiveInteger, print } from '../cli.js';
import { examples } from '../examples.js';
import { sayNext } from '../say-next.js';
import { underWay } from '../under-way.js';

const lines = [
  ['export /lake/shop', 'write what has come since the last time'],
  ['export /lake/shop order customer --format parquet', 'of two aggregates, as Parquet'],
  ['export /lake/shop --check', 'compare the files with the manifest and the log'],
] as const;

const more = `The files hold events as the log has them, and personal data with them: keep them where these may be, or use --encrypt.
Killed at any point, the next run goes on. "--check" ends with exit code 2 where something differs.`;

export function exportCommand(program: Command, cli: Cli): void {
  program
    .command('export')
    .argument('<folder>', 'where the files are, or come to be')
    .argument('[aggregates...]', 'categories or entities; all of the log when none is named')
    .option('--format <format>', 'ndjson or parquet; an export stays what it was begun with')
    .option('--encrypt', 'encrypt personal data with the keys of their subjects, as relays do')
    .option('--file-events <number>', 'events in a file, at most', '200000')
    .option('--check', 'read all files, and compare them with the manifest and the log')
    .option('--limit <differences>', 'differences to list', '20')
    .description('write the log and its archive to files, by category and month, for lakes and for keeping')
    .addHelpText('after', examples(lines, more))
    .action(
      cli.action((backstory, input) => (input.options['check'] ? check : write)(backstory, input), 'check', {
        ofOneTenant: true,
      }),
    );
}

const write: CommandRun = async (backstory, input) => {
  const [folder, ...named] = input.args as [string, readonly string[]];
  const format = formatOf(input.options['format']);
  const options = {
    aggregates: aggregatesOf(named),
    fileEvents: positiveInteger(input.options['fileEvents'], '--file-events'),
    encrypt: input.options['encrypt'] === true,
    ...(format && { format }),
  };
  const report = await underWay(input.terminal, 'export', (following) =>
    backstory.files.export(folder, { ...options, ...following }),
  );
  print(input, report, () => written(report));
  if (report.stopped) return 1;
  sayNext(input, `export ${folder} --check`, 'compare the files with the log');
  return 0;
};

function formatOf(given: unknown): ExportFormat | undefined {
  if (given === undefined || given === 'ndjson' || given === 'parquet') return given;
  throw new InvalidOptionsError(`--format: "${given as string}" is no format.`, 'Use ndjson or parquet.');
}

function written({ events, files, to, newest, stopped }: ExportReport): string {
  const behind = BigInt(newest) - BigInt(to);
  const rest = stopped
    ? 'Stopped before the end of the log. What is in the manifest is exported; the next run goes on.\n'
    : behind > 0n
      ? `${behind} positions behind it wait for transactions that were open: the next run takes them.\n`
      : '';
  return `Exported ${events} events in ${files} files. The export is complete up to position ${to} of the log.\n${rest}`;
}

const check: CommandRun = async (backstory, input) => {
  const [folder] = input.args as [string];
  const limit = positiveInteger(input.options['limit'], '--limit');
  const report = await underWay(input.terminal, 'export --check', (following) =>
    backstory.files.check(folder, { limit, ...following }),
  );
  print(input, report, () => report.differences.map(inWords).join('') + summary(report));
  if (report.stopped) return 1;
  return report.clean ? 0 : 2;
};

function inWords({ file, event, position, problem }: ExportDifference): string {
  const where = [event, position !== undefined && `position ${position}`, file].filter(Boolean).join(', ');
  return `${where}: ${problem}\n`;
}

function summary({ files, events, to, log, differing, differences, stopped }: ExportCheck): string {
  return [
    differing > differences.length && `${differing - differences.length} more differences.`,
    stopped && 'Stopped: it proves nothing of what was not read; the same command begins anew.',
    `${events} events in ${files} files were read. The export goes up to position ${to} of the log.`,
    log &&
      `${log.same} of them are in the log as they are in the files; ${log.onlyInFiles} are in the files alone, dropped from the archive.`,
    differing === 0 && !stopped && 'Every file is as it was written, and nothing differs.',
  ]
    .filter((line) => typeof line === 'string')
    .map((line) => `${line}\n`)
    .join('');
}
