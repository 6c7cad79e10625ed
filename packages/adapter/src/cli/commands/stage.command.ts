import type { Command } from 'commander';
import type { Stage } from '../../stages/index.js';
import { InvalidOptionsError } from '../../errors.js';
import { attribution, type Cli, type CommandRun, positiveInteger, print } from '../cli.js';
import { table } from '../terminal.js';

export function stageCommand(program: Command, cli: Cli): void {
  program
    .command('stage')
    .argument('<aggregate>', 'category or entity')
    .argument('[stage]', 'off, capture, shadow or replay; without it, the history of its stages')
    .option('--percent <number>', 'with replay: of how many in a hundred streams; the others are compared')
    .option('--history', 'the history of its stages')
    .option('--by <name>', 'who changes it')
    .option('--reason <text>', 'why')
    .option('--force', 'go although a guard refuses; it is recorded as forced')
    .description('move an aggregate, or show how it was moved')
    .action(cli.action(stage));
}

const stage: CommandRun = async (backstory, input) => {
  const [aggregate, to] = input.args as [string, Stage | undefined];
  const { percent, force, history } = input.options;
  if (to === undefined && percent !== undefined) {
    throw new InvalidOptionsError('--percent is given without a stage.', 'Say "replay --percent …".');
  }
  if (to !== undefined && history) {
    throw new InvalidOptionsError('--history and a stage to go to are given.', 'Ask for one of them.');
  }
  if (to !== undefined) {
    const options = {
      ...attribution(input.options),
      force: force === true,
      ...(percent !== undefined && { percent: positiveInteger(percent, '--percent') }),
    };
    const change = await backstory.stages.set(aggregate, to, options);
    print(
      input,
      change,
      () =>
        `${change.category}: ${shown(change.from, change.fromPercent)} → ${shown(change.to, change.percent)}` +
        (change.forced ? ` (forced, although ${change.overridden.join('; ')})\n` : '\n'),
    );
    return 0;
  }
  const changes = await backstory.stages.history(aggregate);
  print(input, changes, () =>
    table(
      ['when', 'from', 'to', 'by', 'forced', 'reason'],
      changes.map((change) => [
        change.changedAt.toISOString(),
        shown(change.from, change.fromPercent),
        shown(change.to, change.percent),
        change.changedBy,
        change.forced ? 'yes' : 'no',
        change.reason ?? '',
      ]),
    ),
  );
  return 0;
};

function shown(stage: Stage | null, percent: number | null): string {
  return (stage ?? '-') + (percent === null || percent === 100 ? '' : ` ${percent} %`);
}
