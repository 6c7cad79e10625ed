import type { Command } from 'commander';
import type { Stage } from '../../stages/index.js';
import { attribution, type Cli, type CommandRun, print } from '../cli.js';
import { table } from '../terminal.js';

export function stageCommand(program: Command, cli: Cli): void {
  program
    .command('stage')
    .argument('<aggregate>', 'category or entity')
    .argument('[stage]', 'off, capture, shadow or replay; without it, the history of its stages')
    .option('--by <name>', 'who changes it')
    .option('--reason <text>', 'why')
    .option('--force', 'go although a guard refuses; it is recorded as forced')
    .description('move an aggregate, or show how it was moved')
    .action(cli.action(stage));
}

const stage: CommandRun = async (backstory, input) => {
  const [aggregate, to] = input.args as [string, Stage | undefined];
  if (to !== undefined) {
    const options = { ...attribution(input.options), force: input.options['force'] === true };
    const change = await backstory.stages.set(aggregate, to, options);
    print(
      input,
      change,
      () => `${change.category}: ${change.from} → ${change.to}${change.forced ? ' (forced)' : ''}\n`,
    );
    return 0;
  }
  const changes = await backstory.stages.history(aggregate);
  print(input, changes, () =>
    table(
      ['when', 'from', 'to', 'by', 'forced', 'reason'],
      changes.map((change) => [
        change.changedAt.toISOString(),
        change.from ?? '-',
        change.to,
        change.changedBy,
        change.forced ? 'yes' : 'no',
        change.reason ?? '',
      ]),
    ),
  );
  return 0;
};
