import { createInterface, type Interface } from 'node:readline/promises';
import { BackstoryError } from '../errors.js';
import type { Terminal } from './terminal.js';

/** Asks somebody at a terminal. Ctrl-C and the end of the input end the command. */
export class Questions {
  private readonly lines: Interface;
  private readonly stopped: Promise<never>;

  constructor({ stdin, stderr }: Terminal) {
    const input = stdin as NodeJS.ReadableStream;
    this.lines = createInterface({ input, output: stderr, terminal: 'setRawMode' in input });
    this.stopped = new Promise((_, reject) => {
      const stop = (): void => reject(stoppedByHand());
      this.lines.once('SIGINT', stop).once('close', stop);
    });
    this.stopped.catch(() => undefined);
  }

  /** Whether there is somebody to ask. */
  static canBeAsked({ stdin, stderr }: Terminal): boolean {
    return stdin?.isTTY === true && stderr.isTTY === true && !process.env['CI'];
  }

  async text(question: string, usual: string): Promise<string> {
    const answer = await this.ask(`${question} [${usual}] `);
    return answer === '' ? usual : answer;
  }

  /** Asked again until it is one of the two. */
  async confirm(question: string, usual: boolean): Promise<boolean> {
    const answer = (await this.ask(`${question} [${usual ? 'Y/n' : 'y/N'}] `)).toLowerCase();
    if (answer === '') return usual;
    if (['y', 'yes'].includes(answer)) return true;
    return ['n', 'no'].includes(answer) ? false : this.confirm(question, usual);
  }

  close(): void {
    this.lines.close();
  }

  private async ask(words: string): Promise<string> {
    const answer = await Promise.race([this.lines.question(words), this.stopped]);
    return answer.trim();
  }
}

function stoppedByHand(): BackstoryError {
  return new BackstoryError(
    'STOPPED',
    'Stopped: nothing was written.',
    'Run it again, or with --yes for the usual answers.',
  );
}
