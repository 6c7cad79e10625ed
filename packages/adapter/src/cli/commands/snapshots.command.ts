import type { Command } from 'commander';
import { aggregatesOf, type Cli, type CommandRun, print } from '../cli.js';

export function snapshotsCommand(program: Command, cli: Cli): void {
  program
    .command('snapshots')
    .argument('[aggregates...]', 'categories or entities; all when none is named')
    .description('take the snapshots of long streams anew; reads go on meanwhile')
    .action(cli.action(snapshots));
}

const snapshots: CommandRun = async (backstory, input) => {
  const reports = await backstory.rebuildSnapshots({ aggregates: aggregatesOf(input.args) });
  print(input, reports, () =>
    reports
      .map(({ category, removed, taken }) => `${category}: ${removed} snapshots removed, ${taken} taken\n`)
      .join(''),
  );
  return 0;
};
