import type { Command } from 'commander';
import { type Drift, driftName } from '../../drift/index.js';
import { aggregatesOf, type Cli, type CommandRun, positiveInteger, print, shown } from '../cli.js';
import { table } from '../terminal.js';

export function verifyCommand(program: Command, cli: Cli): void {
  program
    .command('verify')
    .argument('[aggregates...]', 'categories or entities; all when none is named')
    .option('--limit <streams>', 'drifted streams to list for each aggregate', '20')
    .description('prove that replaying the events gives the tables; exit code 2 when it does not')
    .action(cli.action(verify));
}

const verify: CommandRun = async (backstory, input) => {
  const limit = positiveInteger(input.options['limit'], '--limit');
  const report = await backstory.verify({ aggregates: aggregatesOf(input.args), limit });
  print(
    input,
    report,
    () =>
      table(
        ['aggregate', 'rows', 'streams', 'drifted'],
        report.aggregates.map(({ category, rows, streams, drifted }) => [category, rows, streams, drifted]),
      ) +
      report.aggregates.flatMap(({ drift }) => drift.map(inWords)).join('') +
      (report.clean
        ? 'Every replay equals its row.\n'
        : 'Run "npx backstory repair --dry-run" to see what would settle it.\n'),
  );
  return report.clean ? 0 : 2;
};

function inWords(drift: Drift): string {
  const values = Object.entries(drift.properties).map(
    ([name, { row, replay }]) => `  ${name}: row ${shown(row)}, replay ${shown(replay)}\n`,
  );
  return `${driftName(drift)}: ${drift.kind}\n${values.join('')}`;
}
