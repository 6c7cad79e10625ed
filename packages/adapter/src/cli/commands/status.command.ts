import type { Command } from 'commander';
import type { AggregateStatus } from '../../admin/index.js';
import { type Cli, type CommandRun, print } from '../cli.js';
import { examples } from '../examples.js';
import { table } from '../terminal.js';

const lines = [
  ['status --data-source dist/data-source.js', 'stage, backfill, verify, shadow reads of each aggregate'],
  ['status --data-source dist/data-source.js --json', 'the same for a program'],
] as const;

export function statusCommand(program: Command, cli: Cli): void {
  program
    .command('status')
    .description('where each aggregate stands')
    .addHelpText('after', examples(lines))
    .action(cli.action(status));
}

const status: CommandRun = async (backstory, input) => {
  const aggregates = await backstory.status();
  const withheld = aggregates.flatMap((aggregate) => aggregate.withheld);
  const sealed = await backstory.seals.status();
  print(
    input,
    aggregates,
    () =>
      `${table(
        ['aggregate', 'stage', 'backfill', 'verified', 'shadow reads', 'differed'],
        aggregates.map(({ category, stage, percent, backfill, verified, shadow, differences }) => [
          category,
          percent === null || percent === 100 ? stage : `${stage} ${percent} %`,
          backfill ? `${backfill.completedAt ? 'complete' : 'under way'}, ${backfill.events} events` : '-',
          verified ? `${verifiedInWords(verified)} ${verified.at.toISOString()}` : '-',
          shadow
            ? `${shadow.compared}, ${shadow.drifted} drifted` +
              (shadow.failed > 0 ? `, ${shadow.failed} failed` : '') +
              (shadow.skipped > 0 ? `, ${shadow.skipped} skipped` : '')
            : '-',
          differences.map(({ kind, property, times }) => `${property || kind} ${times}×`).join(', ') || '-',
        ]),
      )}${withheld.length > 0 ? `Left out of events, because they look like secrets: ${withheld.join(', ')}\n` : ''}` +
      (sealed
        ? `Sealed up to position ${sealed.to} at ${sealed.at}; the newest event is at ${sealed.newest}.\n`
        : ''),
  );
  return 0;
};

function verifiedInWords({
  drifted,
  withoutFirstEvent,
  outdated,
}: NonNullable<AggregateStatus['verified']>): string {
  if (outdated) return 'before it changed,';
  if (withoutFirstEvent > 0) return `${withoutFirstEvent} without a first event`;
  return drifted === 0 ? 'clean' : `${drifted} drifted`;
}
