import type { Command } from 'commander';
import type { Backstory } from '../backstory.js';
import type { Drift } from '../drift/index.js';
import { InvalidOptionsError } from '../errors.js';
import type { BackstoryLogger } from '../options.js';
import { type ApplicationOptions, openBackstory } from './open-backstory.js';
import type { Terminal } from './terminal.js';

/** 0 done · 1 failed · 2 found drift, or a fault in the set-up. */
export type ExitCode = 0 | 1 | 2;

/** What a command is called with. */
export interface CommandInput {
  readonly terminal: Terminal;
  readonly options: ApplicationOptions & { json?: boolean } & Record<string, unknown>;
  readonly args: readonly unknown[];
}

export type CommandRun = (backstory: Backstory, input: CommandInput) => Promise<ExitCode>;

/** Runs commands on the application that the options name, and keeps what came out. */
export class Cli {
  exitCode: ExitCode = 0;

  constructor(readonly terminal: Terminal) {}

  /** An action for commander: opens the application, runs the command, and closes whatever happens. */
  action(run: CommandRun, install: 'auto' | 'check' = 'check'): (...args: unknown[]) => Promise<void> {
    const say = (message: string): void => void this.terminal.stderr.write(`${message}\n`);
    const logger: BackstoryLogger = { log: say, warn: say };
    return async (...args) => {
      const options = (args.at(-1) as Command).optsWithGlobals<CommandInput['options']>();
      const opened = await openBackstory(options, install, logger);
      try {
        this.exitCode = await run(opened.backstory, {
          terminal: this.terminal,
          options,
          args: args.slice(0, -2),
        });
      } finally {
        await opened.close();
      }
    };
  }
}

/** The result as JSON or in words, on stdout. */
export function print({ terminal, options }: CommandInput, result: unknown, words: () => string): void {
  terminal.stdout.write(options.json ? `${JSON.stringify(result, null, 2)}\n` : words());
}

/** The aggregates that were named; all when none was. */
export function aggregatesOf([named]: readonly unknown[]): 'all' | string[] {
  return Array.isArray(named) && named.length > 0 ? (named as string[]) : 'all';
}

/** Who does it and why, where it was said. */
export function attribution({ by, reason }: Record<string, unknown>): { by?: string; reason?: string } {
  return { ...(typeof by === 'string' && { by }), ...(typeof reason === 'string' && { reason }) };
}

export function positiveInteger(value: unknown, option: string): number {
  const number = Number(value);
  if (Number.isInteger(number) && number > 0) return number;
  throw new InvalidOptionsError(
    `${option} ${String(value)} is no positive whole number.`,
    `Give a number, such as ${option} 100.`,
  );
}

/** The streams that were named with --stream; all when none was. */
export function streamsOf({ options }: CommandInput): { streamIds?: readonly string[] } {
  const { stream } = options;
  return Array.isArray(stream) ? { streamIds: stream as string[] } : {};
}

/** One line for each property that differs. */
export function differencesInWords({ properties }: Drift): string {
  return Object.entries(properties)
    .map(([name, { row, replay }]) => `  ${name}: row ${shown(row)}, replay ${shown(replay)}\n`)
    .join('');
}

/** One line where there are any: what gives them their event is the backfill. */
export function firstEventsDueInWords({
  category,
  withoutFirstEvent,
}: {
  category: string;
  withoutFirstEvent: number;
}): string {
  if (withoutFirstEvent === 0) return '';
  return `${category}: ${withoutFirstEvent} rows have no first event yet: npx backstory backfill ${category}\n`;
}

/** A value of an event for people: JSON, cut where it is long. */
export function shown(value: unknown): string {
  const text = JSON.stringify(value) ?? 'nothing';
  return text.length > 200 ? `${text.slice(0, 200)}…` : text;
}
