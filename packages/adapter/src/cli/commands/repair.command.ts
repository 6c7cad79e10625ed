import { type Command, Option } from 'commander';
import { type Drift, driftName } from '../../drift/index.js';
import type { RepairOptions, RepairReport } from '../../verify/index.js';
import {
  aggregatesOf,
  attribution,
  type Cli,
  type CommandRun,
  differencesInWords,
  firstEventsDueInWords,
  print,
  streamsOf,
} from '../cli.js';
import { examples } from '../examples.js';
import { sayNext, sayWithoutDryRun } from '../say-next.js';
import { stoppedInWords, stoppedOf } from '../stopped-in-words.js';
import { underWay } from '../under-way.js';

const lines = [
  ['repair --dry-run', 'what would be done, with the values of both sides'],
  ['repair order --by anna --reason "from a backup"', 'append corrections'],
  ['repair order --stream 42 --truth events', 'write the row as the events have it'],
] as const;

export function repairCommand(program: Command, cli: Cli): void {
  program
    .command('repair')
    .argument('[aggregates...]', 'categories or entities; all when none is named')
    .option('--dry-run', 'only say what would be done')
    .addOption(
      new Option('--truth <side>', 'table: append corrections; events: write the rows')
        .choices(['table', 'events'])
        .default('table'),
    )
    .option('--stream <ids...>', 'only these streams of the one aggregate')
    .option('--restore-erased', 'bring back what was erased from the events, where rows still have it')
    .option('--by <name>', 'who repairs')
    .option('--reason <text>', 'why')
    .description('settle drift by appending corrections, or by writing the rows; events are never changed')
    .addHelpText('after', examples(lines))
    .action(cli.action(repair));
}

const repair: CommandRun = async (backstory, input) => {
  const dryRun = input.options['dryRun'] === true;
  const reports = await underWay(input.terminal, 'repair', (following) =>
    backstory.repair({
      aggregates: aggregatesOf(input.args),
      dryRun,
      truth: input.options['truth'] as NonNullable<RepairOptions['truth']>,
      restoreErased: input.options['restoreErased'] === true,
      ...streamsOf(input),
      ...attribution(input.options),
      ...following,
    }),
  );
  const stopped = stoppedOf(reports);
  const lines = reports.flatMap((report) => [
    ...report.repaired.map((drift) => line(dryRun ? 'would correct' : 'corrected', drift)),
    ...report.left.map((drift) => line("can't correct", drift)),
    firstEventsDueInWords(report),
    report.unseen === undefined ? '' : `${report.category} was not looked at: ${report.unseen}.\n`,
  ]);
  print(
    input,
    reports,
    () =>
      (lines.join('') || (stopped.length > 0 ? '' : nothingIn(reports))) +
      stoppedInWords(
        stopped,
        dryRun
          ? 'There may be more to correct.'
          : 'What was corrected stays; the same command goes on with the rest.',
      ),
  );
  if (stopped.length > 0) return 1;
  const isRepaired = reports.some(({ repaired }) => repaired.length > 0);
  if (isRepaired && dryRun) sayWithoutDryRun(input);
  else if (isRepaired) sayNext(input, 'verify', 'prove that all is settled');
  if (reports.length === 0) return 2;
  const isLeft = reports.some(
    ({ left, withoutFirstEvent, unseen }) => left.length + withoutFirstEvent > 0 || unseen !== undefined,
  );
  return isLeft ? 2 : 0;
};

/** Says how much it has seen. */
function nothingIn({ length }: readonly RepairReport[]): string {
  if (length === 0) return 'Nothing was looked at: every aggregate is off.\n';
  return `Nothing to repair in ${length} ${length === 1 ? 'aggregate' : 'aggregates'}.\n`;
}

/** With the values from before. */
function line(what: string, drift: Drift): string {
  return `${what} ${driftName(drift)} (${drift.kind})\n${differencesInWords(drift)}`;
}
