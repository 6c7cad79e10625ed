import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { runCommandLine } from '../../packages/adapter/src/cli/command-line.js';

/** Runs a command on the library whose database LIBRARY_URL names. */
export async function runOnLibrary(...argv: string[]): Promise<{ code: number; out: string; err: string }> {
  const stdout = new PassThrough().setEncoding('utf8');
  const stderr = new PassThrough().setEncoding('utf8');
  const code = await runCommandLine([...argv, '--data-source', join(__dirname, 'data-source.ts')], {
    stdout,
    stderr,
  });
  return { code, out: (stdout.read() as string | null) ?? '', err: (stderr.read() as string | null) ?? '' };
}
