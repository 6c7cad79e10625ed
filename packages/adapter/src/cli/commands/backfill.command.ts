import type { Command } from 'commander';
import type { BackfillOptions, ThrottleOptions } from '../../backfill/index.js';
import { InvalidOptionsError } from '../../errors.js';
import {
  aggregatesOf,
  type Cli,
  type CommandInput,
  type CommandRun,
  positiveInteger,
  print,
} from '../cli.js';
import { examples } from '../examples.js';
import { sayNext } from '../say-next.js';
import { untilStopped } from '../stop-signals.js';
import { progressView, table } from '../terminal.js';

const lines = [
  ['backfill --dry-run', 'what it would come to'],
  ['backfill order', 'one aggregate; run it again to go on after a stop'],
  ['backfill order --max-rate 5000 --max-lag 2', 'not faster, and not while a replica is behind'],
  ['backfill order --wait-while "select count(*) > 1000 from job"', 'nor while this is true'],
  [`backfill order --where "t.created_at > now() - interval '1 year'"`, 'the last year only'],
  ['backfill order --pause', 'from another terminal; then --resume or --stop'],
] as const;

const more = 'Says on stderr how far it is and what it waits for. Locked rows are skipped and come last.';

export function backfillCommand(program: Command, cli: Cli): void {
  program
    .command('backfill')
    .argument('[aggregates...]', 'categories or entities; all when none is named')
    .option('--dry-run', 'estimate events, bytes and time: tried with some rows, and taken back')
    .option(
      '--where <condition>',
      'only rows of the one aggregate for which this SQL holds; the table is called t',
    )
    .option('--parallel <workers>', 'ranges of keys at once, each with a connection of its own')
    .option(
      '--chunk-size <rows>',
      'rows locked and written at a time, instead of as many as take --target-ms',
    )
    .option('--target-ms <milliseconds>', 'how long a chunk should take, and hold its locks', '25')
    .option('--max-rate <rows>', 'rows a second, at most')
    .option('--max-lag <seconds>', 'wait while a replica is further behind')
    .option('--max-active <connections>', 'wait while more connections are at work')
    .option('--wait-while <query>', 'wait while this query gives true')
    .option('--pause', 'let backfills that are under way elsewhere wait after their chunk')
    .option('--resume', 'let paused ones go on')
    .option('--stop', 'let backfills that are under way elsewhere end after their chunk')
    .description('write a first event for every row that has none, while the application goes on writing')
    .addHelpText('after', examples(lines, more))
    .action(cli.action(choose));
}

const choose: CommandRun = (backstory, input) => {
  const { pause, resume, stop, dryRun } = input.options;
  if (pause || resume || stop) return ask(backstory, input);
  return dryRun ? estimate(backstory, input) : backfill(backstory, input);
};

const ask: CommandRun = async (backstory, input) => {
  const { pause, stop } = input.options;
  const wish = stop ? 'stop' : pause ? 'pause' : null;
  const asked = await backstory.askBackfill(wish, { aggregates: aggregatesOf(input.args) });
  print(input, asked, () =>
    asked.length === 0
      ? 'No backfill is under way.\n'
      : `${stop ? 'Stops' : pause ? 'Pauses' : 'Goes on'}: ${asked.join(', ')}\n`,
  );
  return asked.length > 0 ? 0 : 1;
};

const estimate: CommandRun = async (backstory, input) => {
  const { where } = input.options;
  const estimates = await backstory.estimateBackfill({
    aggregates: aggregatesOf(input.args),
    ...(typeof where === 'string' && { where }),
  });
  print(
    input,
    estimates,
    () =>
      table(
        ['aggregate', 'rows', 'first events', 'MB', 'seconds'],
        estimates
          .filter(({ unseen }) => unseen === undefined)
          .map(({ category, rows, events, bytes, seconds }) => [
            category,
            rows,
            events,
            Number((bytes / 1e6).toFixed(1)),
            seconds,
          ]),
      ) + unseenInWords(estimates),
  );
  return estimates.some(({ unseen }) => unseen !== undefined) ? 2 : 0;
};

function unseenInWords(reports: readonly { category: string; unseen?: string }[]): string {
  return reports
    .flatMap(({ category, unseen }) =>
      unseen === undefined ? [] : `${category} was not looked at: ${unseen}.\n`,
    )
    .join('');
}

/** The aggregates as they were named, behind a command. */
function named({ args }: CommandInput): string {
  const aggregates = aggregatesOf(args);
  return aggregates === 'all' ? '' : ` ${aggregates.join(' ')}`;
}

const backfill: CommandRun = async (backstory, input) => {
  const progress = progressView(input.terminal);
  const options = { aggregates: aggregatesOf(input.args), ...pace(input), onProgress: progress.update };
  try {
    const reports = await untilStopped(progress.stop, (signal) => backstory.backfill({ ...options, signal }));
    progress.stop();
    print(
      input,
      reports,
      () =>
        table(
          ['aggregate', 'rows', 'first events', 'seconds', 'complete'],
          reports
            .filter(({ unseen }) => unseen === undefined)
            .map(({ category, rows, events, seconds, completed, finished }) => [
              category,
              rows,
              events,
              Number(seconds.toFixed(1)),
              completed
                ? 'yes'
                : finished
                  ? 'no: rows that the condition leaves out have none'
                  : 'stopped, run it again to go on',
            ]),
        ) + unseenInWords(reports),
    );
    const looked = reports.filter(({ unseen }) => unseen === undefined);
    if (!looked.every(({ finished }) => finished)) return 1;
    if (looked.every(({ completed }) => completed))
      sayNext(input, `verify${named(input)}`, 'prove that replaying the events gives the tables');
    return looked.length === reports.length ? 0 : 2;
  } finally {
    progress.stop();
  }
};

function pace({ options }: CommandInput): BackfillOptions {
  const { where, waitWhile } = options;
  const whole = (name: string, flag: string): number | undefined =>
    options[name] === undefined ? undefined : positiveInteger(options[name], flag);
  const given: { [Name in keyof BackfillOptions]: BackfillOptions[Name] | undefined } = {
    where: typeof where === 'string' ? where : undefined,
    parallel: whole('parallel', '--parallel'),
    chunkSize: whole('chunkSize', '--chunk-size'),
    targetMs: whole('targetMs', '--target-ms'),
  };
  const throttle: { [Name in keyof ThrottleOptions]: ThrottleOptions[Name] | undefined } = {
    rowsPerSecond: whole('maxRate', '--max-rate'),
    maxReplicaLagSeconds: seconds(options['maxLag']),
    maxActiveConnections: whole('maxActive', '--max-active'),
    query: typeof waitWhile === 'string' ? waitWhile : undefined,
  };
  return { ...withoutUndefined(given), throttle: withoutUndefined(throttle) };
}

function seconds(value: unknown): number | undefined {
  if (value === undefined) return undefined;
  const number = Number(value);
  if (number > 0) return number;
  throw new InvalidOptionsError(
    `--max-lag ${value as string} is no number of seconds.`,
    'Give one, such as 2.5.',
  );
}

function withoutUndefined<Options extends object>(options: {
  [Name in keyof Options]: Options[Name] | undefined;
}): Options {
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined)) as Options;
}
