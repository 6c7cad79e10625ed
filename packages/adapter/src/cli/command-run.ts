import type { Backstory } from '../backstory/index.js';
import type { ApplicationOptions } from './open-backstory.js';
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
