import type { Command } from 'commander';
import type { Backstory } from '../../backstory/index.js';
import { replayPlaceInWords } from '../../database/index.js';
import { type Drift, driftName } from '../../drift/index.js';
import {
  aggregatesOf,
  type Cli,
  type CommandInput,
  type CommandRun,
  differencesInWords,
  firstEventsDueInWords,
  positiveInteger,
  print,
  streamsOf,
} from '../cli.js';
import { coloured } from '../colours.js';
import { examples } from '../examples.js';
import { grouped } from '../grouped.js';
import { sayNext } from '../say-next.js';
import { captureFailuresInWords } from '../capture-failures-in-words.js';
import { stoppedInWords } from '../stopped-in-words.js';
import { table } from '../terminal.js';
import { underWay } from '../under-way.js';
import type { AggregateVerification, VerificationReport } from '../../verify/index.js';

const lines = [
  ['verify --data-source dist/data-source.js', 'everything'],
  ['verify order --since-last', 'what has changed since the last complete one'],
  ['verify order --sample 0.1', 'a tenth of the streams'],
  ['verify order --stream 42 43', 'two streams'],
] as const;

const more = 'Runs beside live traffic without false alarms. What differs is recorded.';

export function verifyCommand(program: Command, cli: Cli): void {
  program
    .command('verify')
    .argument('[aggregates...]', 'categories or entities; all when none is named')
    .option('--limit <streams>', 'drifted streams to list for each aggregate', '20')
    .option('--all', 'list each of more than 20 aggregates, also those that are clean')
    .option('--sample <share>', 'only this share of the streams, chosen by chance: 0.1')
    .option('--since-last', 'only streams with events since the last complete verify')
    .option('--stream <ids...>', 'only these streams of the one aggregate')
    .description('prove that replaying the events gives the tables; exit code 2 when it does not')
    .addHelpText('after', examples(lines, more))
    .action(cli.action(verify));
}

const verify: CommandRun = async (backstory, input) => {
  const limit = positiveInteger(input.options['limit'], '--limit');
  const { sample, sinceLast } = input.options;
  const report = await underWay(input.terminal, 'verify', (following) =>
    backstory.verify({
      aggregates: aggregatesOf(input.args),
      limit,
      ...(sample !== undefined && { sample: Number(sample) }),
      ...(sinceLast === true && { sinceLast }),
      ...streamsOf(input),
      ...following,
    }),
  );
  const { unfinished = [] } = report;
  const unseen = new Set(report.unseen.map(({ category }) => category));
  const topics = aggregatesOf(input.args) === 'all' ? await backstory.topics() : [];
  print(
    input,
    report,
    () =>
      compared(report, input) +
      report.aggregates.flatMap((each) => [...each.drift.map(inWords), moreInWords(each)]).join('') +
      report.aggregates.map(captureFailuresInWords).join('') +
      report.aggregates.map(firstEventsDueInWords).join('') +
      report.aggregates.map(untrackedInWords).join('') +
      report.unseen
        .map(
          ({ category, reason }) =>
            `${category} can't be compared: ${reason}. If it is to stay so: npx backstory stage ${category} off\n`,
        )
        .join('') +
      (report.off.length > 0 ? `Off, and not compared: ${report.off.join(', ')}\n` : '') +
      (topics.length > 0 ? `Nothing to compare with have topics: ${topics.join(', ')}\n` : '') +
      (report.aggregates.every(({ recorded, category }) => recorded || unseen.has(category))
        ? ''
        : 'The result is not recorded: this server takes no writes. A proof that counts is made on the primary.\n') +
      (report.standby
        ? `This server is a standby: compared was what it has replayed, ${replayPlaceInWords(report.standby)}. Nothing is said of what the primary has by now.\n`
        : '') +
      (report.clean
        ? `${report.off.length === 0 && report.aggregates.every(({ complete }) => complete) ? 'Every replay' : 'Every replay that was looked at'} equals its row.\n`
        : report.aggregates.some(({ drifted }) => drifted > 0)
          ? 'Run "npx backstory repair --dry-run" to see what would settle it.\n'
          : report.aggregates.length === 0
            ? 'Nothing was compared.\n'
            : '') +
      stoppedInWords(
        unfinished,
        `Nothing is known or recorded of what is named here: npx backstory verify ${unfinished.join(' ')}`,
      ),
  );
  if (unfinished.length > 0) return 1;
  if (report.clean) await sayStage(backstory, input, report);
  return report.clean ? 0 : 2;
};

/** They are no drift, and nobody shall wonder where they have gone. */
function untrackedInWords({ category, untracked = [] }: AggregateVerification): string {
  return untracked
    .map(
      ({ reason, times, streams }) =>
        `${category}: ${streams} ${streams === 1 ? 'stream' : 'streams'} ended without an own event in ${times} untracked ${times === 1 ? 'deletion' : 'deletions'}: ${reason}\n`,
    )
    .join('');
}

/** Of many aggregates those that are not clean; the others are counted. */
function compared({ aggregates }: VerificationReport, { options, terminal }: CommandInput): string {
  if (aggregates.length === 0) return '';
  const { shown, others } = grouped(aggregates, (each) => !isClean(each), options['all'] === true);
  const { stdout } = terminal;
  const listed = table(
    ['aggregate', 'rows', 'streams', 'drifted'],
    shown.map(({ category, rows, streams, drifted }) => [
      category,
      rows,
      streams,
      drifted === 0 ? drifted : coloured(stdout, 'red', String(drifted)),
    ]),
  );
  const rows = others.reduce((sum, each) => sum + each.rows, 0);
  // of a sample, or of what has changed since, nobody can say more
  const found = others.every(({ complete }) => complete)
    ? 'are clean'
    : 'have no difference in what was looked at';
  return (
    (shown.length > 0 ? listed : '') +
    (others.length > 0
      ? `${others.length} ${shown.length > 0 ? 'others' : 'aggregates'} ${found}, with ${rows} rows. --all lists them.\n`
      : '')
  );
}

function isClean({ captureFailures, ...verification }: AggregateVerification): boolean {
  const { drifted, withoutFirstEvent, recorded } = verification;
  return drifted + withoutFirstEvent === 0 && recorded && !captureFailures;
}

/** What --limit has kept from the list. */
function moreInWords({ category, drifted, drift }: AggregateVerification): string {
  const more = drifted - drift.length;
  return more > 0 ? `${category}: ${more} more differ; --limit ${drifted} lists all.\n` : '';
}

async function sayStage(
  backstory: Backstory,
  input: CommandInput,
  { aggregates }: VerificationReport,
): Promise<void> {
  const proven = aggregates.filter(({ complete, recorded }) => complete && recorded);
  if (proven.length === 0) return;
  const steps = await backstory.stages.nextSteps(proven.map(({ category }) => category));
  if (steps.some(({ stage }) => stage === 'capture'))
    sayNext(input, 'stage --all shadow', 'compare what the application reads with replays');
}

function inWords(drift: Drift): string {
  const positions = drift.positions ? ` at position ${drift.positions.slice(0, 10).join(', ')}` : '';
  return `${driftName(drift)}: ${drift.kind}${positions}\n${differencesInWords(drift)}`;
}
