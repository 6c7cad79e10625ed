import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { InvalidOptionsError } from '../../errors.js';

/** A file that is to be made, or to become another. */
export interface FileChange {
  readonly file: string;
  readonly text: string;
  /** What it must still hold; undefined for one that must not be there. */
  readonly before: string | undefined;
  /** Whatever is there. */
  readonly force?: boolean;
}

/**
 * Writes all of them, each whole or not at all: beside its place first, and put there when all are written.
 * @throws InvalidOptionsError for one that is there meanwhile, or that somebody has changed
 */
export function writeFiles(changes: readonly FileChange[]): void {
  const temporary = (file: string): string => `${file}.backstory-${process.pid}`;
  try {
    for (const { file, text } of changes) {
      mkdirSync(dirname(file), { recursive: true });
      const mode = existsSync(file) ? { mode: statSync(file).mode } : {};
      writeFileSync(temporary(file), text, { flag: 'wx', ...mode });
    }
    for (const change of changes) requireUnchanged(change);
    for (const { file } of changes) renameSync(temporary(file), file);
  } finally {
    for (const { file } of changes) rmSync(temporary(file), { force: true });
  }
}

/** @throws InvalidOptionsError */
function requireUnchanged({ file, before, force }: FileChange): void {
  if (force === true) return;
  const now = existsSync(file) ? readFileSync(file, 'utf8') : undefined;
  if (now === before) return;
  throw new InvalidOptionsError(
    `${file} ${before === undefined ? 'is there already' : 'was changed meanwhile'}.`,
    'Nothing was written. Run the command again.',
  );
}
