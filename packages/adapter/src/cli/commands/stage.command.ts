import { Argument, type Command } from 'commander';
import type { Backstory, StageMove, StageOptions } from '../../backstory/index.js';
import { InvalidOptionsError } from '../../errors.js';
import { isStage, residualInWords, type Stage, type StageChange, stages } from '../../stages/index.js';
import {
  attribution,
  type Cli,
  type CommandInput,
  type CommandRun,
  type ExitCode,
  positiveInteger,
  print,
} from '../cli.js';
import { coloured } from '../colours.js';
import { examples } from '../examples.js';
import { movesInWords, stageInWords } from '../moves-in-words.js';
import { sayNext } from '../say-next.js';
import { table } from '../terminal.js';
import { wrapped } from '../wrapped.js';

const lines = [
  ['stage order', 'how it was moved, by whom and why'],
  ['stage order shadow --dry-run', 'what stands against it'],
  ['stage order shadow --reason "verified"', 'one step forward'],
  ['stage order replay --percent 10', 'for a tenth of the streams'],
  ['stage order events', 'commands are the way to write'],
  ['stage order events --residual refuse --roles shop', 'and the only one for this database role'],
  ['stage order capture', 'back, at any time'],
  ['stage order customer shadow', 'two of them'],
  ['stage --all shadow', 'all that can'],
] as const;

const more = 'off → capture → shadow → replay → events; every instance follows within a second.';

export function stageCommand(program: Command, cli: Cli): void {
  const words = new Argument(
    '[aggregates-and-stage...]',
    'categories or entities, and behind them where to; one of them alone: its history',
  );
  // for help and completion: other words are aggregates
  words.argChoices = [...stages];
  program
    .command('stage')
    .addArgument(words)
    .option('--all', 'every aggregate; those that stand there already are left alone')
    .option('--percent <number>', 'with replay: of how many in a hundred streams; the others are compared')
    .option('--residual <allow|refuse>', 'with events: what becomes of writes without a command')
    .option('--roles <names>', 'with --residual refuse: of these database roles only, separated by commas')
    .option('--history', 'the history of its stages')
    .option('--dry-run', 'say what stands against it, change nothing')
    .option('--by <name>', 'who changes it')
    .option('--reason <text>', 'why')
    .option('--force', 'go although a guard refuses; it is recorded as forced')
    .description('move aggregates, or show how one was moved; exit code 1 where one is refused')
    .addHelpText('after', examples(lines, more))
    .action(cli.action(stage));
}

const stage: CommandRun = async (backstory, input) => {
  const { percent, history, all } = input.options;
  const { names, to } = wanted((input.args[0] ?? []) as readonly string[], all === true);
  if (to === undefined && percent !== undefined) {
    throw new InvalidOptionsError('--percent is given without a stage.', 'Say "replay --percent …".');
  }
  if (to === undefined && input.options.residual !== undefined) {
    throw new InvalidOptionsError('--residual is given without a stage.', 'Say "events --residual …".');
  }
  if (to !== undefined && history) {
    throw new InvalidOptionsError('--history and a stage to go to are given.', 'Ask for one of them.');
  }
  const [name] = names;
  if (to !== undefined) {
    if (all === true || name === undefined) return moveSeveral(backstory, input, 'all', to);
    return names.length > 1 ? moveSeveral(backstory, input, names, to) : moveOne(backstory, input, name, to);
  }
  const changes = await backstory.stages.history(name as string);
  print(input, changes, () =>
    table(
      ['when', 'from', 'to', 'by', 'forced', 'reason'],
      changes.map((change) => [
        change.changedAt.toISOString(),
        stageInWords(change.from, change.fromPercent),
        stageInWords(change.to, change.percent) + refusedTo(change),
        change.changedBy,
        change.forced ? coloured(input.terminal.stdout, 'yellow', 'yes') : 'no',
        change.reason ?? '',
      ]),
    ),
  );
  return 0;
};

/** The last word is the stage, if it is one and not the only word. @throws InvalidOptionsError */
function wanted(words: readonly string[], all: boolean): { names: readonly string[]; to: Stage | undefined } {
  const last = words.at(-1);
  const to = last !== undefined && isStage(last) && (all || words.length > 1) ? last : undefined;
  const names = to === undefined ? words : words.slice(0, -1);
  if (all && names.length > 0) {
    throw new InvalidOptionsError(
      `--all and ${names.join(', ')} are given.`,
      to === undefined ? `Say "stage --all" and one of: ${stages.join(', ')}.` : 'Ask for one of them.',
    );
  }
  if (to === undefined && names.length !== 1) {
    throw new InvalidOptionsError(
      last === undefined ? 'No stage is given.' : `"${last}" is no stage.`,
      `Name aggregates, and behind them one of: ${stages.join(', ')}.`,
    );
  }
  return { names, to };
}

function optionsOf({ options }: CommandInput): StageOptions {
  const { percent, force, dryRun } = options;
  return {
    ...attribution(options),
    force: force === true,
    dryRun: dryRun === true,
    ...(percent !== undefined && { percent: positiveInteger(percent, '--percent') }),
    ...residualOf(options),
  };
}

/** @throws InvalidOptionsError */
function residualOf({ residual, roles }: CommandInput['options']): Pick<StageOptions, 'residual'> {
  if (roles !== undefined && residual !== 'refuse')
    throw new InvalidOptionsError(
      '--roles is given without "--residual refuse".',
      'Roles are those whose writes are refused.',
    );
  if (residual === undefined) return {};
  if (residual !== 'allow' && residual !== 'refuse')
    throw new InvalidOptionsError(
      `--residual ${JSON.stringify(residual)} is not known.`,
      'Say allow or refuse.',
    );
  if (typeof roles !== 'string') return { residual };
  return {
    residual: {
      refuse: roles.split(',').map((role) => role.trim()),
    },
  };
}

async function moveOne(
  backstory: Backstory,
  input: CommandInput,
  aggregate: string,
  to: Stage,
): Promise<ExitCode> {
  const dryRun = input.options['dryRun'] === true;
  const { stdout } = input.terminal;
  const change = await backstory.stages.set(aggregate, to, optionsOf(input));
  const { category, from, percent, overridden } = change;
  const move: StageMove = { category, change, refused: dryRun && overridden.length > 0, reasons: overridden };
  const inWords = (): string => wrapped(stdout, movesInWords([move], stdout, dryRun));
  if (!dryRun) {
    print(input, change, inWords);
    sayNextOf(input, to, [category]);
    return 0;
  }
  print(input, { category, from, to, percent, reasons: overridden }, inWords);
  return overridden.length === 0 ? 0 : 1;
}

async function moveSeveral(
  backstory: Backstory,
  input: CommandInput,
  aggregates: 'all' | readonly string[],
  to: Stage,
): Promise<ExitCode> {
  const { dryRun } = input.options;
  const { stdout } = input.terminal;
  const moves = await backstory.stages.setAll(to, { aggregates, ...optionsOf(input) });
  print(input, moves, () =>
    moves.length === 0
      ? `All stand in ${to} already.\n`
      : wrapped(stdout, movesInWords(moves, stdout, dryRun === true)),
  );
  const moved = moves.flatMap(({ category, refused }) => (refused ? [] : [category]));
  if (!dryRun && moved.length > 0) sayNextOf(input, to, moved);
  return moves.some(({ refused }) => refused) ? 1 : 0;
}

const nextOf: Partial<Record<Stage, readonly [command: string, why: string]>> = {
  capture: ['backfill', 'first events of the rows that were there before'],
  shadow: ['status', 'how many reads were compared, and what differed'],
  replay: ['verify --since-last', 'now and then: prove what has changed since the last one'],
};

function sayNextOf(input: CommandInput, to: Stage, categories: readonly string[]): void {
  const [command, why] = nextOf[to] ?? [];
  if (command !== undefined)
    sayNext(input, command === 'backfill' ? `${command} ${categories.join(' ')}` : command, why);
}

function refusedTo({ residual }: StageChange): string {
  return residual === null || residual === 'allow' ? '' : ` (${residualInWords(residual)})`;
}
