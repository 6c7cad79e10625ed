import { Argument, type Command } from 'commander';
import { type Stage, type StageChange, stages } from '../../stages/index.js';
import { InvalidOptionsError } from '../../errors.js';
import {
  attribution,
  type Cli,
  type CommandInput,
  type CommandRun,
  type ExitCode,
  positiveInteger,
  print,
} from '../cli.js';
import { examples } from '../examples.js';
import { table } from '../terminal.js';

const lines = [
  ['stage order', 'how it was moved, by whom and why'],
  ['stage order shadow --dry-run', 'what stands against it'],
  ['stage order shadow --reason "verified"', 'one step forward'],
  ['stage order replay --percent 10', 'for a tenth of the streams'],
  ['stage order capture', 'back, at any time'],
] as const;

const more = 'off → capture → shadow → replay; every instance follows within a second.';

export function stageCommand(program: Command, cli: Cli): void {
  program
    .command('stage')
    .argument('<aggregate>', 'category or entity')
    .addArgument(new Argument('[stage]', 'where to; without it, the history of its stages').choices(stages))
    .option('--percent <number>', 'with replay: of how many in a hundred streams; the others are compared')
    .option('--history', 'the history of its stages')
    .option('--dry-run', 'say what stands against it, change nothing')
    .option('--by <name>', 'who changes it')
    .option('--reason <text>', 'why')
    .option('--force', 'go although a guard refuses; it is recorded as forced')
    .description('move an aggregate, or show how it was moved')
    .addHelpText('after', examples(lines, more))
    .action(cli.action(stage));
}

const stage: CommandRun = async (backstory, input) => {
  const [aggregate, to] = input.args as [string, Stage | undefined];
  const { percent, force, history, dryRun } = input.options;
  if (to === undefined && percent !== undefined) {
    throw new InvalidOptionsError('--percent is given without a stage.', 'Say "replay --percent …".');
  }
  if (to !== undefined && history) {
    throw new InvalidOptionsError('--history and a stage to go to are given.', 'Ask for one of them.');
  }
  if (to !== undefined) {
    const options = {
      ...attribution(input.options),
      force: force === true || dryRun === true,
      dryRun: dryRun === true,
      ...(percent !== undefined && { percent: positiveInteger(percent, '--percent') }),
    };
    const change = await backstory.stages.set(aggregate, to, options);
    if (dryRun) return whatStandsAgainst(change, input);
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

function whatStandsAgainst(change: StageChange, input: CommandInput): ExitCode {
  const { category, from, to, fromPercent, percent, overridden } = change;
  const move = `${shown(from, fromPercent)} → ${shown(to, percent)}`;
  print(input, { category, from, to, percent, reasons: overridden }, () =>
    overridden.length === 0
      ? `${category}: ${move}: nothing stands against it.\n`
      : `${category}: ${move} would be refused: ${overridden.join('; ')}.\n`,
  );
  return overridden.length === 0 ? 0 : 1;
}

function shown(stage: Stage | null, percent: number | null): string {
  return (stage ?? '-') + (percent === null || percent === 100 ? '' : ` ${percent} %`);
}
