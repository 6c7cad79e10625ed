import { PassThrough } from 'node:stream';
import { runCommandLine } from '../../packages/adapter/src/cli/command-line.js';

/** Runs one command in this process, and answers what it asks, in this order. Null is the end of the input. */
export async function answerCommand(
  answers: readonly (string | null)[],
  ...argv: string[]
): Promise<{ code: number; out: string; asked: string }> {
  const onTerminal = <Stream extends object>(stream: Stream): Stream & { isTTY: true } =>
    Object.assign(stream, { isTTY: true as const });
  const [stdin, stdout, stderr] = [new PassThrough(), new PassThrough(), new PassThrough()];
  const left = [...answers];
  let asked = '';
  stderr.setEncoding('utf8').on('data', (text: string) => {
    asked += text;
    if (!/\] $/.test(text)) return;
    const answer = left.shift();
    if (answer === undefined) stdin.destroy(new Error(`Nobody answers: ${text}`));
    else if (answer === null) stdin.end();
    else stdin.write(`${answer}\n`);
  });
  stdout.setEncoding('utf8');
  const code = await runCommandLine(argv, {
    stdin: onTerminal(stdin),
    stdout,
    stderr: onTerminal(stderr),
  });
  return { code, out: (stdout.read() as string | null) ?? '', asked };
}
