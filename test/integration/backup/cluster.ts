import { execFile, execFileSync } from 'node:child_process';
import { chownSync, existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** Where the server's own programs are, with those for backups: the embedded server comes without them. */
export const programs = programsOfServer();

function programsOfServer(): string | undefined {
  try {
    const folder = execFileSync('pg_config', ['--bindir'], { encoding: 'utf8', stdio: 'pipe' }).trim();
    const all = ['initdb', 'pg_ctl', 'pg_basebackup', 'pg_dump', 'psql'];
    return all.every((name) => existsSync(join(folder, name))) ? folder : undefined;
  } catch {
    return undefined;
  }
}

/** PostgreSQL refuses to run as root. */
function owner(): { uid: number; gid: number } | undefined {
  if (process.getuid?.() !== 0) return undefined;
  const id = (which: string): number => Number(execFileSync('id', [which, 'postgres'], { encoding: 'utf8' }));
  return { uid: id('-u'), gid: id('-g') };
}

/** A server of its own, whose files may be copied. */
export class Cluster {
  readonly data: string;

  private constructor(
    private readonly home: string,
    private readonly port: number,
  ) {
    this.data = join(home, 'data');
  }

  static async prepare(): Promise<Cluster> {
    const home = mkdtempSync(join(tmpdir(), 'backstory-cluster-'));
    const user = owner();
    if (user) chownSync(home, user.uid, user.gid);
    return new Cluster(home, await freePort());
  }

  url(database = 'postgres'): string {
    return `postgres://postgres@127.0.0.1:${this.port}/${database}`;
  }

  run(program: string, ...args: string[]): Promise<{ stdout: string }> {
    return run(join(programs as string, program), args, { ...owner(), cwd: this.home });
  }

  async initialise(): Promise<void> {
    await this.run(
      'initdb',
      '-D',
      this.data,
      '-U',
      'postgres',
      '-A',
      'trust',
      '-E',
      'UTF8',
      '--locale=C',
      '-N',
    );
  }

  /** A copy of a running server, with what it writes meanwhile. */
  async copy(from: Cluster, ...options: string[]): Promise<void> {
    await this.run(
      'pg_basebackup',
      '-D',
      this.data,
      '-d',
      from.url(),
      '-c',
      'fast',
      '-X',
      'stream',
      ...options,
    );
  }

  /** Everything that it has written so far is in its archive. */
  async archiveAll(): Promise<void> {
    const ask = async (statement: string): Promise<string> =>
      (await this.run('psql', '-Atc', statement, this.url())).stdout.trim();
    const full = await ask('select pg_walfile_name(pg_switch_wal())');
    while ((await ask(`select coalesce(last_archived_wal, '') from pg_stat_archiver`)) < full)
      await sleep(50);
  }

  /** From the archive, as the settings of `start` say. */
  recoverAtStart(): void {
    const file = join(this.data, 'recovery.signal');
    writeFileSync(file, '');
    const user = owner();
    if (user) chownSync(file, user.uid, user.gid);
  }

  async start(settings: Record<string, string | number>): Promise<void> {
    const all = { port: this.port, listen_addresses: '127.0.0.1', unix_socket_directories: '', ...settings };
    const lines = Object.entries(all).map(([name, value]) => `${name} = '${value}'`);
    writeFileSync(join(this.data, 'postgresql.auto.conf'), `${lines.join('\n')}\n`, { flag: 'a' });
    await this.run('pg_ctl', '-D', this.data, '-l', join(this.home, 'log'), '-w', 'start');
  }

  async remove(): Promise<void> {
    await this.run('pg_ctl', '-D', this.data, '-m', 'immediate', 'stop').catch(() => undefined);
    rmSync(this.home, { recursive: true, force: true });
  }
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const probe = createServer().once('error', reject);
    probe.listen(0, '127.0.0.1', () => {
      const { port } = probe.address() as { port: number };
      probe.close(() => resolve(port));
    });
  });
}
