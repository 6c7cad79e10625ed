import type { Backstory } from '../backstory.js';
import { InvalidOptionsError } from '../errors.js';
import type { Stage } from '../stages/index.js';
import type { ExitCode, GlobalOptions } from './command-line.js';
import { progressView, table, type Terminal } from './terminal.js';

export interface CommandInput {
  readonly terminal: Terminal;
  readonly options: GlobalOptions & Record<string, unknown>;
  readonly args: readonly unknown[];
}

export type CommandRun = (backstory: Backstory, input: CommandInput) => Promise<ExitCode>;

export const install: CommandRun = async (backstory, { terminal, options }) => {
  // Opening has installed already; what is left to do now is nothing, or would be said.
  const report = await backstory.install();
  const status = await backstory.status();
  print(terminal, options, { ...report, aggregates: status.map(({ category }) => category) }, () =>
    `Installed. Captured: ${status.filter(({ stage }) => stage !== 'off').map(({ category }) => category).join(', ')}.\n`,
  );
  return 0;
};

export const status: CommandRun = async (backstory, { terminal, options }) => {
  const aggregates = await backstory.status();
  print(terminal, options, aggregates, () =>
    table(
      ['aggregate', 'stage', 'backfill', 'verified', 'shadow reads'],
      aggregates.map(({ category, stage, backfill, verified, shadow }) => [
        category,
        stage,
        backfill ? `${backfill.completedAt ? 'complete' : 'under way'}, ${backfill.events} events` : '-',
        verified ? `${verified.drifted === 0 ? 'clean' : `${verified.drifted} drifted`} ${verified.at.toISOString()}` : '-',
        shadow ? `${shadow.compared}, ${shadow.drifted} drifted` : '-',
      ]),
    ),
  );
  return 0;
};

export const backfill: CommandRun = async (backstory, { terminal, options, args }) => {
  const chunkSize = positiveInteger(options['chunkSize'], '--chunk-size');
  const progress = progressView(terminal);
  const stop = new AbortController();
  const onSignal = (): void => stop.abort();
  process.once('SIGINT', onSignal).once('SIGTERM', onSignal);
  try {
    const reports = await backstory.backfill({
      aggregates: aggregatesOf(args),
      chunkSize,
      signal: stop.signal,
      onProgress: progress.update,
    });
    progress.stop();
    print(terminal, options, reports, () =>
      table(
        ['aggregate', 'rows', 'first events', 'seconds', 'complete'],
        reports.map(({ category, rows, events, seconds, completed }) => [
          category,
          rows,
          events,
          Number(seconds.toFixed(1)),
          completed ? 'yes' : 'stopped, run it again to go on',
        ]),
      ),
    );
    return reports.every(({ completed }) => completed) ? 0 : 1;
  } finally {
    progress.stop();
    process.off('SIGINT', onSignal).off('SIGTERM', onSignal);
  }
};

export const verify: CommandRun = async (backstory, { terminal, options, args }) => {
  const limit = positiveInteger(options['limit'], '--limit');
  const report = await backstory.verify({ aggregates: aggregatesOf(args), limit });
  print(terminal, options, report, () => {
    const drifts = report.aggregates.flatMap(({ drift }) => drift);
    return (
      table(
        ['aggregate', 'rows', 'streams', 'drifted'],
        report.aggregates.map(({ category, rows, streams, drifted }) => [category, rows, streams, drifted]),
      ) +
      drifts
        .map(
          ({ category, streamId, kind, properties }) =>
            `${category}-${streamId}: ${kind}${Object.entries(properties)
              .map(([name, { row, replay }]) => `\n  ${name}: row ${shown(row)}, replay ${shown(replay)}`)
              .join('')}\n`,
        )
        .join('') +
      (report.clean ? 'Every replay equals its row.\n' : 'Run "npx backstory repair --dry-run" to see what would settle it.\n')
    );
  });
  return report.clean ? 0 : 2;
};

export const repair: CommandRun = async (backstory, { terminal, options, args }) => {
  const dryRun = options['dryRun'] === true;
  const reports = await backstory.repair({ aggregates: aggregatesOf(args), dryRun, ...attribution(options) });
  print(terminal, options, reports, () =>
    reports
      .flatMap(({ repaired }) => repaired)
      .map(({ category, streamId, kind }) => `${dryRun ? 'would correct' : 'corrected'} ${category}-${streamId} (${kind})\n`)
      .concat(reports.every(({ repaired }) => repaired.length === 0) ? ['Nothing to repair.\n'] : [])
      .join(''),
  );
  return 0;
};

export const stage: CommandRun = async (backstory, { terminal, options, args }) => {
  const [aggregate, to] = args as [string, Stage | undefined];
  if (to === undefined) {
    const changes = await backstory.stages.history(aggregate);
    print(terminal, options, changes, () =>
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
  }
  const change = await backstory.stages.set(aggregate, to, { ...attribution(options), force: options['force'] === true });
  print(terminal, options, change, () => `${change.category}: ${change.from} → ${change.to}\n`);
  return 0;
};

export const history: CommandRun = async (backstory, { terminal, options, args }) => {
  const [aggregate, id] = args as [string, string];
  const events = await backstory.history(aggregate, id);
  print(terminal, options, events, () =>
    events.length === 0
      ? `${aggregate}-${id} has no events.\n`
      : events
          .map(
            ({ streamPosition, recordedAt, type, data, metadata }) =>
              `${streamPosition}  ${recordedAt.toISOString()}  ${type}  ${metadata.actor ?? metadata.origin}\n` +
              Object.entries(data)
                .map(([name, value]) => `     ${name}: ${shown(value)}\n`)
                .join(''),
          )
          .join(''),
  );
  return 0;
};

function print(terminal: Terminal, options: GlobalOptions, result: unknown, words: () => string): void {
  terminal.stdout.write(options.json ? `${JSON.stringify(result, null, 2)}\n` : words());
}

function aggregatesOf([named]: readonly unknown[]): 'all' | string[] {
  return Array.isArray(named) && named.length > 0 ? (named as string[]) : 'all';
}

function attribution({ by, reason }: Record<string, unknown>): { by?: string; reason?: string } {
  return {
    ...(typeof by === 'string' && { by }),
    ...(typeof reason === 'string' && { reason }),
  };
}

function positiveInteger(value: unknown, option: string): number {
  const number = Number(value);
  if (Number.isInteger(number) && number > 0) return number;
  throw new InvalidOptionsError(`${option} ${String(value)} is no positive whole number.`, `Give a number, such as ${option} 100.`);
}

function shown(value: unknown): string {
  const text = JSON.stringify(value) ?? 'nothing';
  return text.length > 200 ? `${text.slice(0, 200)}…` : text;
}
