import type { Command } from 'commander';
import { aggregatesOf, attribution, type Cli, type CommandRun, print } from '../cli.js';
import { examples } from '../examples.js';
import { sayWithoutDryRun } from '../say-next.js';
import { stoppedInWords, stoppedOf } from '../stopped-in-words.js';
import { table } from '../terminal.js';
import { underWay } from '../under-way.js';
import { isWhole, unsearchedInWords } from '../unsearched-in-words.js';

const lines = [
  ['retain --dry-run', 'what would be erased'],
  ['retain', 'erase what is older than "retain" says; for a schedule'],
] as const;

const more = `Of ended streams all that is older, of living ones what was superseded since. What a row is now stays. Interrupted, the next
run goes on with what is left. What says how long it is kept and can't be looked through is named, and the exit code is 2.`;

export function retainCommand(program: Command, cli: Cli): void {
  program
    .command('retain')
    .argument('[aggregates...]', 'categories or entities; all when none is named')
    .option('--dry-run', 'only say what would be erased')
    .option('--by <name>', 'who does it')
    .description(
      "erase what is older than it may be kept; exit code 2 where something can't be looked through",
    )
    .addHelpText('after', examples(lines, more))
    .action(cli.action(retain));
}

const retain: CommandRun = async (backstory, input) => {
  const { by } = attribution(input.options);
  const dryRun = input.options['dryRun'] === true;
  const reports = await underWay(input.terminal, 'retain', (following) =>
    backstory.erasure.retain({
      aggregates: aggregatesOf(input.args),
      dryRun,
      ...(by !== undefined && { by }),
      ...following,
    }),
  );
  const stopped = stoppedOf(reports);
  print(input, reports, () => {
    const rows = reports.flatMap(({ category, before, streams, events }) =>
      before ? [[category, before.toISOString().slice(0, 10), `${events} events`, streams]] : [],
    );
    const done =
      rows.length === 0
        ? 'No aggregate says how long something is kept (retain).\n'
        : table(['aggregate', 'before', dryRun ? 'would erase in' : 'erased in', 'of streams'], rows);
    const more = dryRun
      ? 'There may be more.'
      : 'What was erased is erased; the same command goes on with the rest.';
    return done + unsearchedInWords(reports) + stoppedInWords(stopped, more);
  });
  if (stopped.length > 0) return 1;
  if (dryRun && reports.some(({ events }) => events > 0)) sayWithoutDryRun(input);
  return isWhole(reports) ? 0 : 2;
};
