import { join } from 'node:path';
import { runCommand } from './run-command.js';

/** Runs a command on the library whose database LIBRARY_URL names. */
export function runOnLibrary(...argv: string[]): ReturnType<typeof runCommand> {
  return runCommand(...argv, '--data-source', join(__dirname, 'data-source.ts'));
}
