import type { Command } from 'commander';
import { aggregatesOf, type Cli, type CommandRun, print } from '../cli.js';
import { examples } from '../examples.js';
import { sayNext, sayWithoutDryRun } from '../say-next.js';
import { stoppedInWords, stoppedOf } from '../stopped-in-words.js';
import { table } from '../terminal.js';
import { underWay } from '../under-way.js';

const lines = [
  ['import /lake/shop --dry-run', 'what would come back'],
  ['import /lake/shop order', 'bring the events of orders back into the archive'],
] as const;

const more = `Only events that were archived come back, where they were. What contradicts the log is refused, and of its category nothing is imported.
Exit code 2 where streams stay in the files because something of them was erased since.`;

export function importCommand(program: Command, cli: Cli): void {
  program
    .command('import')
    .argument('<folder>', 'the export')
    .argument('[aggregates...]', 'categories or entities; all of the export when none is named')
    .option('--dry-run', 'only say what would come back')
    .description('bring archived events that were dropped back from the files of an export')
    .addHelpText('after', examples(lines, more))
    .action(cli.action(run, 'check', { ofOneTenant: true }));
}

const run: CommandRun = async (backstory, input) => {
  const [folder, ...named] = input.args as [string, readonly string[]];
  const dryRun = input.options['dryRun'] === true;
  const reports = await underWay(input.terminal, 'import', (following) =>
    backstory.files.import(folder, { aggregates: aggregatesOf(named), dryRun, ...following }),
  );
  const stopped = stoppedOf(reports);
  print(
    input,
    reports,
    () =>
      table(
        ['aggregate', dryRun ? 'would import' : 'imported', 'of streams', 'present', 'erased since'],
        reports.map(({ category, streams, events, present, left }) => [
          category,
          events,
          streams,
          present,
          left.erased,
        ]),
      ) + stoppedInWords(stopped, 'What was imported is imported; the same command goes on with the rest.'),
  );
  if (stopped.length > 0) return 1;
  if (dryRun && reports.some(({ events }) => events > 0)) sayWithoutDryRun(input);
  else if (!dryRun) sayNext(input, `export ${folder} --check`, 'compare the files with the log');
  return reports.some(({ left }) => left.erased > 0) ? 2 : 0;
};
