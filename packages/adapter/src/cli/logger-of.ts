import type { BackstoryLogger } from '../options/index.js';
import type { Terminal } from './terminal.js';

/** What a command has to say beside its result goes to stderr. */
export function loggerOf({ stderr }: Terminal): BackstoryLogger {
  const say = (message: string): void => void stderr.write(`${message}\n`);
  // that it captures is news at the start of an application, and none at each command
  return { log: () => undefined, warn: say };
}
