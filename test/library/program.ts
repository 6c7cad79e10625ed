import { spawn } from 'node:child_process';
import { join } from 'node:path';

const here = (file: string): string => join(__dirname, file);

/** The program `backstory` as a command of a shell. */
export const program = (...argv: string[]): string[] => [
  process.execPath,
  '-r',
  here('../typescript-process.cjs'),
  here('../../packages/adapter/src/cli/main.ts'),
  ...argv,
];

/** The same with an application whose database LIBRARY_URL names. */
export const programOnLibrary = (...argv: string[]): string[] =>
  program(...argv, '--data-source', here('data-source.ts'));

export interface Ended {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
}

/** Runs a process to its end. Variables that are given as undefined are taken out of its environment. */
export function runProcess(
  [command = '', ...args]: readonly string[],
  environment: Record<string, string | undefined> = {},
  cwd?: string,
): Promise<Ended> {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, {
      env: { ...process.env, CI: undefined, ...environment },
      ...(cwd !== undefined && { cwd }),
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let [out, err] = ['', ''];
    child.stdout.setEncoding('utf8').on('data', (text: string) => (out += text));
    child.stderr.setEncoding('utf8').on('data', (text: string) => (err += text));
    child.on('error', reject).on('close', (code) => resolve({ code, out, err }));
  });
}
