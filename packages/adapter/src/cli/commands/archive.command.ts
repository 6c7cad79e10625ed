import type { Command } from 'commander';
import { InvalidOptionsError } from '../../errors.js';
import {
  aggregatesOf,
  attribution,
  type Cli,
  type CommandInput,
  type CommandRun,
  positiveInteger,
  print,
} from '../cli.js';
import { examples } from '../examples.js';
import { sayNext, sayWithoutDryRun } from '../say-next.js';
import { stoppedInWords, stoppedOf } from '../stopped-in-words.js';
import { table } from '../terminal.js';
import { underWay } from '../under-way.js';

const lines = [
  ['archive --before 2025-01-01 --dry-run', 'what would be moved'],
  ['archive order --before 2025-01-01 --by anna', 'move it, while the application goes on'],
  ['archive order --restore', 'put it back where it was'],
  ['archive --drop-exported /lake/shop', 'drop what files of an export have'],
] as const;

const more = `Of a deleted entity only the deletion stays, of a living one its state, as one event in place of all others.
"history", versions and moments are read from both tables. What a consumer has not handled stays.
Exit code 2 where streams were left because they have drifted.`;

export function archiveCommand(program: Command, cli: Cli): void {
  program
    .command('archive')
    .argument('[aggregates...]', 'categories or entities; all when none is named')
    .option('--before <time>', 'events from before this moment, such as 2025-01-01')
    .option('--events <number>', 'of a living entity, if it has at least so many of them', '20')
    .option('--dry-run', 'only say what would be moved')
    .option('--restore', 'put archived events back')
    .option('--drop-exported <folder>', 'drop archived events that this export has, to the letter')
    .option('--by <name>', 'who does it')
    .option('--reason <text>', 'why')
    .description('move old events that no stream and no consumer needs to a table of their own')
    .addHelpText('after', examples(lines, more))
    .action(cli.action(choose));
}

const goOn = 'What was moved is moved; the same command goes on with the rest.';

const choose: CommandRun = (backstory, input) => {
  const { restore: isRestored, dropExported } = input.options;
  if (typeof dropExported === 'string') return drop(backstory, input, dropExported);
  return (isRestored ? restore : archive)(backstory, input);
};

const archive: CommandRun = async (backstory, input) => {
  const { options } = input;
  const move = {
    aggregates: aggregatesOf(input.args),
    before: moment(options['before']),
    events: positiveInteger(options['events'], '--events'),
    dryRun: options['dryRun'] === true,
    ...attribution(options),
  };
  const reports = await underWay(input.terminal, 'archive', (following) =>
    backstory.archive.move({ ...move, ...following }),
  );
  const stopped = stoppedOf(reports);
  print(
    input,
    reports,
    () =>
      table(
        [
          'aggregate',
          options['dryRun'] ? 'would move' : 'moved',
          'of streams',
          'drifted',
          'undelivered',
          'locked',
        ],
        reports.map(({ category, streams, events, left }) => [
          category,
          events,
          streams,
          left.drifted,
          left.undelivered,
          left.locked,
        ]),
      ) + stoppedInWords(stopped, goOn),
  );
  if (stopped.length > 0) return 1;
  if (move.dryRun && reports.some(({ events }) => events > 0)) sayWithoutDryRun(input);
  return reports.some(({ left }) => left.drifted > 0) ? 2 : 0;
};

const restore: CommandRun = async (backstory, input) => {
  const reports = await underWay(input.terminal, 'restore', (following) =>
    backstory.archive.restore({ aggregates: aggregatesOf(input.args), ...following }),
  );
  const stopped = stoppedOf(reports);
  print(
    input,
    reports,
    () =>
      table(
        ['aggregate', 'restored', 'of streams', 'dropped'],
        reports.map(({ category, streams, events, dropped }) => [category, events, streams, dropped]),
      ) + stoppedInWords(stopped, goOn),
  );
  return stopped.length > 0 ? 1 : 0;
};

async function drop(
  backstory: Parameters<CommandRun>[0],
  input: CommandInput,
  folder: string,
): ReturnType<CommandRun> {
  const dryRun = input.options['dryRun'] === true;
  const reports = await underWay(input.terminal, 'drop', (following) =>
    backstory.files.drop(folder, { aggregates: aggregatesOf(input.args), dryRun, ...following }),
  );
  const stopped = stoppedOf(reports);
  print(
    input,
    reports,
    () =>
      table(
        ['aggregate', dryRun ? 'would drop' : 'dropped', 'of streams', 'not exported'],
        reports.map(({ category, streams, events, left }) => [category, events, streams, left.notExported]),
      ) + stoppedInWords(stopped, 'What was dropped is dropped; the same command goes on with the rest.'),
  );
  if (stopped.length > 0) return 1;
  if (dryRun && reports.some(({ events }) => events > 0)) sayWithoutDryRun(input);
  else if (reports.some(({ left }) => left.notExported > 0))
    sayNext(input, `export ${folder} --check`, 'what keeps streams in the archive');
  return 0;
}

function moment(given: unknown): Date {
  const time = new Date(typeof given === 'string' ? given : Number.NaN);
  if (!Number.isNaN(time.getTime())) return time;
  const problem = typeof given === 'string' ? `--before: "${given}" is no time.` : 'archive needs --before.';
  throw new InvalidOptionsError(problem, 'Say which events are old: --before 2025-01-01.');
}
