import type { Command } from 'commander';
import { aggregatesOf, type Cli, type CommandRun, print } from '../cli.js';
import { examples } from '../examples.js';
import { stoppedInWords, stoppedOf } from '../stopped-in-words.js';
import { underWay } from '../under-way.js';

const lines = [
  ['snapshots order --dry-run', 'how many there are, and would be'],
  ['snapshots order', 'take them anew'],
] as const;

export function snapshotsCommand(program: Command, cli: Cli): void {
  program
    .command('snapshots')
    .argument('[aggregates...]', 'categories or entities; all when none is named')
    .option('--dry-run', 'only say how many there are, and would be')
    .description('take the snapshots of long streams anew; reads go on meanwhile')
    .addHelpText('after', examples(lines))
    .action(cli.action(snapshots));
}

const snapshots: CommandRun = async (backstory, input) => {
  const dryRun = input.options['dryRun'] === true;
  const reports = await underWay(input.terminal, 'snapshots', (following) =>
    backstory.rebuildSnapshots({ aggregates: aggregatesOf(input.args), dryRun, ...following }),
  );
  const stopped = stoppedOf(reports);
  const would = dryRun ? 'would be ' : '';
  print(
    input,
    reports,
    () =>
      reports
        .map(
          ({ category, removed, taken }) =>
            `${category}: ${removed} snapshots ${would}removed, ${taken} ${would}taken\n`,
        )
        .join('') + stoppedInWords(stopped, 'The same command takes them all anew.'),
  );
  return stopped.length > 0 ? 1 : 0;
};
