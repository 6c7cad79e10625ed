import { stripVTControlCharacters } from 'node:util';
import { MultiBar, Presets } from 'cli-progress';
import type { BackfillProgress } from '../backfill/index.js';

/** Where a command's words go: results to stdout, everything else to stderr. */
export interface Terminal {
  readonly stdout: NodeJS.WritableStream & { isTTY?: boolean; columns?: number };
  readonly stderr: NodeJS.WritableStream & { isTTY?: boolean; columns?: number };
  /** Where answers come from; nobody is asked without it. */
  readonly stdin?: NodeJS.ReadableStream & { isTTY?: boolean };
}

export interface ProgressView {
  readonly update: (progress: BackfillProgress) => void;
  readonly stop: () => void;
}

const secondsBetweenLines = 2;

/** Bars on a terminal; elsewhere a line every two seconds and one at the end of each category. */
export function progressView({ stderr }: Terminal): ProgressView {
  return stderr.isTTY && !process.env['CI'] ? bars(stderr) : lines(stderr);
}

function bars(stream: NodeJS.WritableStream): ProgressView {
  const multi = new MultiBar(
    {
      stream,
      format: '{category} {bar} {percentage}% {value}/{total} rows · {rate} rows/s · {left}',
      clearOnComplete: false,
      hideCursor: true,
    },
    Presets.shades_classic,
  );
  const known = new Map<string, ReturnType<typeof multi.create>>();
  return {
    update: (progress) => {
      const { category, rows, total, rowsPerSecond } = progress;
      const payload = { category: category.padEnd(20), rate: rowsPerSecond, left: rest(progress) };
      let bar = known.get(category);
      if (!bar) known.set(category, (bar = multi.create(total, 0, payload)));
      bar.setTotal(total);
      bar.update(rows, payload);
    },
    stop: () => multi.stop(),
  };
}

function lines(stream: NodeJS.WritableStream): ProgressView {
  let next = 0;
  let waited: string | undefined;
  return {
    update: (progress) => {
      const { category, rows, total, events, rowsPerSecond, completed } = progress;
      const { waitingFor } = progress;
      // what it waits for is said at once
      if (!completed && Date.now() < next && (!waitingFor || waitingFor === waited)) return;
      waited = waitingFor;
      next = Date.now() + secondsBetweenLines * 1000;
      stream.write(
        `backfill ${category}: ${rows}/${total} rows, ${events} events, ${rowsPerSecond} rows/s, ${rest(progress)}\n`,
      );
    },
    stop: () => undefined,
  };
}

function rest({ completed, secondsLeft, waitingFor }: BackfillProgress): string {
  if (completed) return 'done';
  if (waitingFor) return `waits for ${waitingFor}`;
  return `${secondsLeft === undefined ? '?' : Math.ceil(secondsLeft)} s left`;
}

/** Columns as wide as their longest value; numbers to the right. Colours take no room. */
export function table(header: readonly string[], rows: readonly (readonly (string | number)[])[]): string {
  const widths = header.map((title, index) =>
    Math.max(title.length, ...rows.map((row) => widthOf(String(row[index])))),
  );
  const line = (cells: readonly (string | number)[]): string =>
    cells
      .map((cell, index) => {
        const width = widths[index] as number;
        return typeof cell === 'number'
          ? String(cell).padStart(width)
          : cell + ' '.repeat(width - widthOf(cell));
      })
      .join('  ')
      .trimEnd();
  return [line(header), ...rows.map(line)].join('\n') + '\n';
}

function widthOf(cell: string): number {
  return stripVTControlCharacters(cell).length;
}
