import type { Command } from 'commander';
import type { AggregateStatus } from '../../admin/index.js';
import { replayPlaceInWords } from '../../database/index.js';
import { InvalidOptionsError } from '../../errors.js';
import { residualInWords } from '../../stages/index.js';
import { type Cli, type CommandInput, type CommandRun, positiveInteger, print } from '../cli.js';
import { coloured } from '../colours.js';
import { examples } from '../examples.js';
import { grouped } from '../grouped.js';
import { captureFailuresInWords } from '../capture-failures-in-words.js';
import { sayNext } from '../say-next.js';
import { table } from '../terminal.js';

const lines = [
  ['status --data-source dist/data-source.js', 'stage, backfill, verify, shadow reads of each aggregate'],
  ['status --data-source dist/data-source.js --json', 'the same for a program'],
  [
    'status --since 2026-11-01 --newest 1000000',
    'who has written without a command since, in a longer part of the log',
  ],
] as const;

export function statusCommand(program: Command, cli: Cli): void {
  program
    .command('status')
    .option('--all', 'list each of more than 20 aggregates, also those with nothing to settle')
    .option('--since <time>', 'count writes without a command since then, in every stage but off')
    .option(
      '--newest <number>',
      'of how many of the newest events they are counted; 20000 where nothing is said',
    )
    .description('where each aggregate stands, and who writes without a command')
    .addHelpText('after', examples(lines))
    .action(cli.action(status));
}

const status: CommandRun = async (backstory, input) => {
  const { since, newest } = input.options;
  const aggregates = await backstory.status({
    ...(since !== undefined && { since: moment(since) }),
    ...(newest !== undefined && { newest: positiveInteger(newest, '--newest') }),
  });
  const { shown, others } = grouped(aggregates, needsAttention, input.options['all'] === true);
  const { stdout } = input.terminal;
  const withheld = aggregates.flatMap((aggregate) => aggregate.withheld);
  const sealed = await backstory.seals.status();
  const topics = await backstory.topics();
  const standby = await backstory.standbys.replayed();
  print(
    input,
    aggregates,
    () =>
      `${table(
        ['aggregate', 'stage', 'backfill', 'verified', 'shadow reads', 'differed'],
        shown.map(
          ({ category, stage, percent, backfill, verified, captureFailures, shadow, differences }) => [
            category,
            percent === null || percent === 100 ? stage : `${stage} ${percent} %`,
            backfill ? `${progressInWords(backfill)}, ${backfill.events} events` : '-',
            verified
              ? captureFailures
                ? coloured(stdout, 'red', `outdated ${verified.at.toISOString()}`)
                : coloured(
                    stdout,
                    styleOf(verified),
                    `${verifiedInWords(verified)} ${verified.at.toISOString()}`,
                  )
              : '-',
            shadow
              ? `${shadow.compared}, ${shadow.drifted} drifted` +
                (shadow.failed > 0 ? `, ${shadow.failed} failed` : '') +
                (shadow.skipped > 0 ? `, ${shadow.skipped} skipped` : '')
              : '-',
            differences.length > 0 ? coloured(stdout, 'red', differencesOf(differences)) : '-',
          ],
        ),
      )}${othersInWords(others, shown.length)}${withheld.length > 0 ? `Left out of events, because they look like secrets: ${withheld.join(', ')}\n` : ''}` +
      aggregates
        .flatMap(({ category, unseen }) =>
          unseen === undefined ? [] : `${category} can't be looked at: ${unseen}.\n`,
        )
        .join('') +
      aggregates.map(captureFailuresInWords).join('') +
      aggregates.flatMap((aggregate) => residualLines(aggregate, since !== undefined)).join('') +
      (standby
        ? `This server is a standby: all this is of what it has replayed, ${replayPlaceInWords(standby)}.\n`
        : '') +
      (topics.length > 0 ? `Topics, which have no table: ${topics.join(', ')}\n` : '') +
      (sealed
        ? `Sealed up to position ${sealed.to} at ${sealed.at}; the newest event is at ${sealed.newest}.\n`
        : ''),
  );
  sayNextOf(input, aggregates);
  return 0;
};

function differencesOf(differences: AggregateStatus['differences']): string {
  return differences.map(({ kind, property, times }) => `${property || kind} ${times}×`).join(', ');
}

/** Whether something is to be done or looked at: of all else it is enough to know how many there are. */
function needsAttention(aggregate: AggregateStatus): boolean {
  const { stage, unseen, backfill, verified, shadow, differences, residual } = aggregate;
  if (unseen !== undefined || aggregate.captureFailures !== null) return true;
  const differed =
    differences.length > 0 || (shadow !== null && shadow.drifted + shadow.failed + shadow.skipped > 0);
  if (stage === 'off') return differed;
  const isFilled = backfill !== null && backfill.completedAt !== null && !backfill.outdated;
  const isProven = verified !== null && styleOf(verified) === 'green';
  const isResidual = stage === 'events' && residual !== null && residual.residual + residual.captured > 0;
  return !isFilled || !isProven || differed || isResidual;
}

function styleOf({
  drifted,
  withoutFirstEvent,
  outdated,
}: NonNullable<AggregateStatus['verified']>): 'green' | 'red' | 'yellow' {
  if (drifted > 0) return 'red';
  return outdated || withoutFirstEvent > 0 ? 'yellow' : 'green';
}

function othersInWords(others: readonly AggregateStatus[], shown: number): string {
  if (others.length === 0) return '';
  const counts = new Map<string, number>();
  for (const { stage } of others) counts.set(stage, (counts.get(stage) ?? 0) + 1);
  const byStage = [...counts].map(([stage, count]) => `${count} in ${stage}`).join(', ');
  return `${others.length} ${shown > 0 ? 'others' : 'aggregates'} have nothing to settle: ${byStage}. --all lists them.\n`;
}

/** The first thing that is to be done, of all aggregates. */
function sayNextOf(input: CommandInput, aggregates: readonly AggregateStatus[]): void {
  const on = aggregates.filter(({ stage, unseen }) => stage !== 'off' && unseen === undefined);
  const due = on.some(({ backfill }) => !backfill?.completedAt || backfill.outdated);
  if (due) sayNext(input, 'backfill', 'first events of the rows that have none');
  else if (
    on.some(
      ({ verified, captureFailures }) =>
        captureFailures !== null || (verified !== null && verified.drifted > 0 && !verified.outdated),
    )
  )
    sayNext(input, 'repair --dry-run', 'what would settle what differs');
  else if (on.some(({ verified }) => verified === null || styleOf(verified) === 'yellow'))
    sayNext(input, 'verify', 'prove that replaying the events gives the tables');
}

/** @throws InvalidOptionsError */
function moment(since: unknown): Date {
  const found = new Date(String(since));
  if (!Number.isNaN(found.getTime())) return found;
  throw new InvalidOptionsError(
    `--since ${String(since)} is no time.`,
    'Write it as 2026-11-01 or 2026-11-01T08:00:00Z.',
  );
}

/** In replay only where there are commands already: others have nothing to compare with. */
function residualLines({ category, stage, residual }: AggregateStatus, isAsked: boolean): string[] {
  if (!residual || (stage !== 'events' && residual.explained === 0 && !isAsked)) return [];
  const { policy, since, completeSince, explained, captured, sources } = residual;
  const others = residual.residual + captured;
  const all = explained + others;
  const share =
    all === 0
      ? 'no events'
      : `${others} of ${all} events (${((100 * others) / all).toFixed(1)} %) not by commands`;
  const refused = policy === 'allow' ? '' : `; ${residualInWords(policy)}`;
  return [
    `${category}: ${share} since ${(completeSince ?? since).toISOString()}${completeSince ? ', which is as far back as was looked' : ''}${refused}\n`,
    ...sources.map(
      ({ type, origin, context, events, lastAt }) =>
        `  ${events}× ${type}, ${origin === 'residual' ? 'beside a command' : 'without a command'}, ${contextInWords(context)}, last ${lastAt}\n`,
    ),
  ];
}

function contextInWords(context: Readonly<Record<string, unknown>>): string {
  const words = Object.entries(context).map(
    ([key, value]) => `${key} ${typeof value === 'string' ? value : JSON.stringify(value)}`,
  );
  return words.length > 0 ? words.join(', ') : 'no context';
}

function progressInWords({ completedAt, outdated }: NonNullable<AggregateStatus['backfill']>): string {
  if (outdated) return 'before capture began anew';
  return completedAt ? 'complete' : 'under way';
}

function verifiedInWords({
  drifted,
  withoutFirstEvent,
  outdated,
}: NonNullable<AggregateStatus['verified']>): string {
  if (outdated) return 'before it changed,';
  if (withoutFirstEvent > 0) return `${withoutFirstEvent} without a first event`;
  return drifted === 0 ? 'clean' : `${drifted} drifted`;
}
