import type { Command } from 'commander';
import { aggregatesOf, attribution, type Cli, type CommandRun, print } from '../cli.js';
import { examples } from '../examples.js';
import { table } from '../terminal.js';

const lines = [
  ['retain --dry-run', 'what would be erased'],
  ['retain', 'erase what is older than "retain" says; for a schedule'],
] as const;

const more = `Of ended streams all that is older, of living ones what was superseded since. What a row is now stays. Interrupted, the next
run goes on with what is left.`;

export function retainCommand(program: Command, cli: Cli): void {
  program
    .command('retain')
    .argument('[aggregates...]', 'categories or entities; all when none is named')
    .option('--dry-run', 'only say what would be erased')
    .option('--by <name>', 'who does it')
    .description('erase what is older than it may be kept')
    .addHelpText('after', examples(lines, more))
    .action(cli.action(retain));
}

const retain: CommandRun = async (backstory, input) => {
  const { by } = attribution(input.options);
  const dryRun = input.options['dryRun'] === true;
  const reports = await backstory.erasure.retain({
    aggregates: aggregatesOf(input.args),
    dryRun,
    ...(by !== undefined && { by }),
  });
  print(input, reports, () =>
    reports.length === 0
      ? 'No aggregate says how long something is kept (retain).\n'
      : table(
          ['aggregate', 'before', dryRun ? 'would erase in' : 'erased in', 'of streams'],
          reports.map(({ category, before, streams, events }) => [
            category,
            before.toISOString().slice(0, 10),
            `${events} events`,
            streams,
          ]),
        ),
  );
  return 0;
};
