import { PassThrough } from 'node:stream';
import { runCommandLine } from '../../packages/adapter/src/cli/command-line.js';

/** Runs one command in this process. */
export async function runCommand(...argv: string[]): Promise<{ code: number; out: string; err: string }> {
  const stdout = new PassThrough().setEncoding('utf8');
  const stderr = new PassThrough().setEncoding('utf8');
  const code = await runCommandLine(argv, { stdout, stderr });
  return { code, out: (stdout.read() as string | null) ?? '', err: (stderr.read() as string | null) ?? '' };
}
