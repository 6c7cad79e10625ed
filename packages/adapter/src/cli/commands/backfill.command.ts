import type { Command } from 'commander';
import { aggregatesOf, type Cli, type CommandRun, positiveInteger, print } from '../cli.js';
import { progressView, table } from '../terminal.js';

export function backfillCommand(program: Command, cli: Cli): void {
  program
    .command('backfill')
    .argument('[aggregates...]', 'categories or entities; all when none is named')
    .option('--chunk-size <rows>', 'rows locked and written at a time', '1000')
    .description('write a first event for every row that has none, while the application goes on writing')
    .action(cli.action(backfill));
}

const backfill: CommandRun = async (backstory, input) => {
  const chunkSize = positiveInteger(input.options['chunkSize'], '--chunk-size');
  const progress = progressView(input.terminal);
  const stop = new AbortController();
  const onSignal = (): void => stop.abort();
  process.once('SIGINT', onSignal).once('SIGTERM', onSignal);
  try {
    const reports = await backstory.backfill({
      aggregates: aggregatesOf(input.args),
      chunkSize,
      signal: stop.signal,
      onProgress: progress.update,
    });
    progress.stop();
    print(input, reports, () =>
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
