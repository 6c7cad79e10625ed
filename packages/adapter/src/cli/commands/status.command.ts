import type { Command } from 'commander';
import { type Cli, type CommandRun, print } from '../cli.js';
import { table } from '../terminal.js';

export function statusCommand(program: Command, cli: Cli): void {
  program.command('status').description('where each aggregate stands').action(cli.action(status));
}

const status: CommandRun = async (backstory, input) => {
  const aggregates = await backstory.status();
  print(input, aggregates, () =>
    table(
      ['aggregate', 'stage', 'backfill', 'verified', 'shadow reads'],
      aggregates.map(({ category, stage, backfill, verified, shadow }) => [
        category,
        stage,
        backfill ? `${backfill.completedAt ? 'complete' : 'under way'}, ${backfill.events} events` : '-',
        verified
          ? `${verified.drifted === 0 ? 'clean' : `${verified.drifted} drifted`} ${verified.at.toISOString()}`
          : '-',
        shadow ? `${shadow.compared}, ${shadow.drifted} drifted` : '-',
      ]),
    ),
  );
  return 0;
};
