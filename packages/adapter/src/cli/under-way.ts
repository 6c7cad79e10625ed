import { MultiBar, Presets } from 'cli-progress';
import type { Progress, ProgressOptions } from '../observation/index.js';
import { untilStopped } from './stop-signals.js';
import type { Terminal } from './terminal.js';

/** What ends sooner needs no progress. */
const msBeforeBars = 1000;
const secondsBetweenLines = 2;

/** How far it is, for people: on a terminal redrawn, elsewhere line by line. */
interface View {
  readonly show: (progress: Progress) => void;
  readonly end: () => void;
}

/**
 * Runs what may take long: shows on stderr how far it is, and lets Ctrl-C and SIGTERM stop it behind the part that is under way.
 * @param what - the command, such as "verify"
 */
export async function underWay<Result>(
  { stderr }: Terminal,
  what: string,
  work: (following: Required<ProgressOptions>) => Promise<Result>,
): Promise<Result> {
  const view = stderr.isTTY && !process.env['CI'] ? bars(stderr, what) : lines(stderr, what);
  const sayStops = (): void => {
    view.end();
    stderr.write(`${what} stops behind the part that is under way. Ctrl-C again ends it at once.\n`);
  };
  try {
    return await untilStopped(sayStops, (signal) => work({ onProgress: view.show, signal }));
  } finally {
    view.end();
  }
}

/** One bar, of the category that is under way: of a hundred, a hundred lines would scroll. */
function bars(stream: NodeJS.WritableStream, what: string): View {
  const began = Date.now();
  let now: Progress | undefined;
  let multi: MultiBar | undefined;
  const format = (): string => (now ? withBar(what, now, began) : '');
  const begin = setTimeout(() => {
    if (!now) return;
    multi = new MultiBar({ stream, format, clearOnComplete: true, hideCursor: true }, Presets.shades_classic);
    multi.create(1, 0);
  }, msBeforeBars);
  return {
    show: (progress) => void (now = progress),
    end: () => {
      clearTimeout(begin);
      multi?.stop();
      multi = undefined;
    },
  };
}

function lines(stream: NodeJS.WritableStream, what: string): View {
  const began = Date.now();
  let now: Progress | undefined;
  const timer = setInterval(() => {
    if (now) stream.write(`${inWords(what, now, began)}\n`);
  }, secondsBetweenLines * 1000);
  return { show: (progress) => void (now = progress), end: () => clearInterval(timer) };
}

/** `verify order: 200 of about 1000 rows, 4 s`. */
function inWords(what: string, progress: Progress, began: number): string {
  const { category, done, unit } = progress;
  const total = totalOf(progress);
  const name = category === undefined ? what : `${what} ${category}`;
  return `${name}: ${done}${total === undefined ? '' : ` of about ${total}`} ${unit}, ${seconds(began)} s`;
}

function withBar(what: string, progress: Progress, began: number): string {
  const total = totalOf(progress);
  if (total === undefined) return inWords(what, progress, began);
  const full = Math.round((barWidth * progress.done) / total);
  const percent = Math.floor((100 * progress.done) / total);
  const name = progress.category ?? what;
  const bar = '█'.repeat(full) + '░'.repeat(barWidth - full);
  return `${name.padEnd(20)} ${bar} ${percent}% ${progress.done}/${total} ${progress.unit} · ${seconds(began)} s`;
}

const barWidth = 30;

/** An estimate that was passed is none any more. */
function totalOf({ done, total }: Progress): number | undefined {
  return total === undefined || total < done || total === 0 ? undefined : Math.round(total);
}

function seconds(began: number): number {
  return Math.floor((Date.now() - began) / 1000);
}
