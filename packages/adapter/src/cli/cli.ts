import type { Command } from 'commander';
import type { Drift } from '../drift/index.js';
import type { CommandInput, CommandRun, ExitCode } from './command-run.js';
import { forTenants } from './for-tenants.js';
import { loggerOf } from './logger-of.js';
import { openBackstory } from './open-backstory.js';
import { openTenants } from './open-tenants.js';
import type { Terminal } from './terminal.js';

export { positiveInteger } from './positive-integer.js';
export type { CommandInput, CommandRun, ExitCode };

/** Runs commands on the application that the options name, and keeps what came out. */
export class Cli {
  exitCode: ExitCode = 0;

  constructor(readonly terminal: Terminal) {}

  /**
   * An action for commander: opens the application, runs the command, and closes whatever happens. For each tenant, where some are
   * named.
   */
  action(
    run: CommandRun,
    install: 'auto' | 'check' = 'check',
    { ofOneTenant = false } = {},
  ): (...args: unknown[]) => Promise<void> {
    const logger = loggerOf(this.terminal);
    return async (...args) => {
      const options = (args.at(-1) as Command).optsWithGlobals<CommandInput['options']>();
      const given = args.slice(0, -2);
      const inEach = await openTenants(options, { install, ofOneTenant });
      if (inEach) {
        this.exitCode = await forTenants(inEach, { terminal: this.terminal, options, args: given }, run);
        return;
      }
      const opened = await openBackstory(options, install, logger);
      try {
        this.exitCode = await run(opened.backstory, {
          terminal: this.terminal,
          options,
          args: given,
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

/** A value of an event for people: JSON, cut where it is long, which is said with the way to see it whole. */
export function shown(value: unknown): string {
  const text = JSON.stringify(value) ?? 'nothing';
  return text.length > 200 ? `${text.slice(0, 200)}… (${text.length} characters; --json has them all)` : text;
}
