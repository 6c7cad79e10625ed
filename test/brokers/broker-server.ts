import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { type AddressInfo, createServer } from 'node:net';
import { delimiter, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';

/** An installed program, if there is one: Debian keeps servers where only root looks for programs. */
export function installedProgram(name: string): string | undefined {
  return [...(process.env['PATH'] ?? '').split(delimiter), '/usr/sbin', '/usr/local/sbin']
    .map((folder) => join(folder, name))
    .find((file) => existsSync(file));
}

export async function freePort(): Promise<number> {
  const probe = createServer();
  await new Promise<void>((resolve) => probe.listen(0, '127.0.0.1', resolve));
  const { port } = probe.address() as AddressInfo;
  await new Promise((resolve) => probe.close(resolve));
  return port;
}

interface BrokerProgram {
  /** Where it listens; or how to find that in what it says, in the first group. */
  readonly url: string | RegExp;
  /** Removed with everything in it when the server is stopped for good. */
  readonly home: string;
  readonly command: string;
  readonly args: readonly string[];
  readonly env?: Record<string, string>;
  /** Rejects until it can be used. */
  readonly answers: (url: string) => Promise<unknown>;
}

/** A broker of this test run's own, that can crash, hang and come back at the same address with what it had stored. */
export class BrokerServer {
  private address: string | undefined;
  private running: ChildProcess | undefined;
  private said = '';
  private readonly killAtExit = (): void => this.signal('SIGKILL');

  constructor(private readonly program: BrokerProgram) {
    if (typeof program.url === 'string') this.address = program.url;
  }

  get url(): string {
    if (this.address === undefined) throw new Error(`${this.program.command} has not said where it listens.`);
    return this.address;
  }

  async start(timeoutMs = 150_000): Promise<this> {
    const { command, args, env, answers } = this.program;
    // A group of its own, because the program may be a script that starts the server.
    const child = spawn(command, args, {
      detached: true,
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...process.env, ...env },
    });
    this.running = child;
    process.once('exit', this.killAtExit);
    for (const stream of [child.stdout, child.stderr])
      stream.on('data', (chunk: Buffer) => this.hear(chunk.toString()));
    for (const end = Date.now() + timeoutMs; ; await sleep(50)) {
      const { address } = this;
      const ready =
        address !== undefined &&
        (await answers(address).then(
          () => true,
          () => false,
        ));
      if (ready) return this;
      if (Date.now() > end || child.exitCode !== null) {
        await this.crash();
        throw new Error(`${command} did not start:\n${this.said}`);
      }
    }
  }

  /** Ends it at once, as a power cut does. */
  async crash(): Promise<void> {
    const child = this.running;
    if (!child) return;
    this.running = undefined;
    process.off('exit', this.killAtExit);
    // Helpers of the server may have them, too, and outlive it for a moment.
    child.stdout?.destroy();
    child.stderr?.destroy();
    if (child.exitCode !== null || child.signalCode !== null) return;
    const ended = once(child, 'exit');
    kill(child, 'SIGKILL');
    await ended;
  }

  /** It takes connections and answers nothing: when this resolves, each of its threads stands still. */
  async hang(): Promise<void> {
    this.signal('SIGSTOP');
    while (await isAwake(this.running?.pid)) await sleep(5);
  }

  goOn(): void {
    this.signal('SIGCONT');
  }

  async stop(): Promise<void> {
    await this.crash();
    await rm(this.program.home, { recursive: true, force: true, maxRetries: 5 });
  }

  private hear(words: string): void {
    this.said = (this.said + words).slice(-5000);
    const { url } = this.program;
    if (typeof url !== 'string') this.address ??= url.exec(this.said)?.[1];
  }

  private signal(signal: NodeJS.Signals): void {
    if (this.running) kill(this.running, signal);
  }
}

function kill({ pid }: ChildProcess, signal: NodeJS.Signals): void {
  try {
    process.kill(-(pid as number), signal);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}

/** Whether a thread of the group still runs: a signal reaches them one after another, after `kill` has returned. */
async function isAwake(group: number | undefined): Promise<boolean> {
  const everyThread = process.platform === 'linux' ? '-eL' : '-A';
  const { stdout } = await promisify(execFile)('ps', [everyThread, '-o', 'pgid=', '-o', 'stat=']);
  return stdout
    .split('\n')
    .map((line) => line.trim().split(/\s+/))
    .some(([pgid, state]) => Number(pgid) === group && !/^[TZ]/.test(state ?? ''));
}
