import type { Command } from 'commander';
import { driftName } from '../../drift/index.js';
import { aggregatesOf, attribution, type Cli, type CommandRun, print } from '../cli.js';

export function repairCommand(program: Command, cli: Cli): void {
  program
    .command('repair')
    .argument('[aggregates...]', 'categories or entities; all when none is named')
    .option('--dry-run', 'only say what would be appended')
    .option('--by <name>', 'who repairs')
    .option('--reason <text>', 'why')
    .description('settle drift by appending corrections; the table is the truth, events are never changed')
    .action(cli.action(repair));
}

const repair: CommandRun = async (backstory, input) => {
  const dryRun = input.options['dryRun'] === true;
  const aggregates = aggregatesOf(input.args);
  const reports = await backstory.repair({ aggregates, dryRun, ...attribution(input.options) });
  const repaired = reports.flatMap((report) => report.repaired);
  print(input, reports, () =>
    repaired.length === 0
      ? 'Nothing to repair.\n'
      : repaired
          .map((drift) => `${dryRun ? 'would correct' : 'corrected'} ${driftName(drift)} (${drift.kind})\n`)
          .join(''),
  );
  return 0;
};
