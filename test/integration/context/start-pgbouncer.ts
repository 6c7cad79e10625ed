import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { chown, rm, writeFile } from 'node:fs/promises';
import { type AddressInfo, connect, createServer } from 'node:net';
import { delimiter, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { createHome } from '../../postgres/home.cjs';
import { unprivilegedUser } from '../../postgres/unprivileged-user.cjs';

/** The installed program, if there is one: Debian keeps it where only root looks for programs. */
export const pgBouncerProgram = [
  ...(process.env['PATH'] ?? '').split(delimiter),
  '/usr/sbin',
  '/usr/local/sbin',
]
  .map((folder) => join(folder, 'pgbouncer'))
  .find((file) => existsSync(file));

export interface PgBouncer {
  /** Of the same database, through the pooler. */
  readonly url: string;
  stop(): Promise<void>;
}

/** A PgBouncer in transaction mode with two server connections, in front of the database. */
export async function startPgBouncer(databaseUrl: string): Promise<PgBouncer> {
  const target = new URL(databaseUrl);
  const port = await freePort();
  const user = await unprivilegedUser();
  const home = createHome(user, { mayBeInMemory: false });
  const configuration = join(home, 'pgbouncer.ini');
  await writeFile(configuration, configurationFor(target, port), { mode: 0o600 });
  if (user) await chown(configuration, user.uid, user.gid);

  let logged = '';
  const program = spawn(pgBouncerProgram as string, [configuration], {
    ...user,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  for (const stream of [program.stdout, program.stderr])
    stream.on('data', (chunk: Buffer) => void (logged += chunk.toString()));
  const kill = (): void => void program.kill();
  process.once('exit', kill);
  const stop = async (): Promise<void> => {
    process.off('exit', kill);
    await end(program);
    await rm(home, { recursive: true, force: true });
  };
  if (!(await answers(port, program))) {
    await stop();
    throw new Error(`PgBouncer did not start:\n${logged}`);
  }
  const url = new URL(databaseUrl);
  url.hostname = '127.0.0.1';
  url.port = `${port}`;
  return { url: url.href, stop };
}

function configurationFor(target: URL, port: number): string {
  const server = {
    host: target.hostname,
    port: target.port || '5432',
    user: decodeURIComponent(target.username),
    password: decodeURIComponent(target.password),
  };
  const connection = Object.entries(server)
    .filter(([, value]) => value !== '')
    .map(([name, value]) => `${name}='${value.replaceAll("'", "''")}'`)
    .join(' ');
  return `[databases]
* = ${connection}
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = ${port}
unix_socket_dir =
auth_type = any
pool_mode = transaction
default_pool_size = 2
server_reset_query =
ignore_startup_parameters = extra_float_digits,options
`;
}

async function freePort(): Promise<number> {
  const probe = createServer();
  await new Promise<void>((resolve) => probe.listen(0, '127.0.0.1', resolve));
  const { port } = probe.address() as AddressInfo;
  await new Promise((resolve) => probe.close(resolve));
  return port;
}

async function answers(port: number, program: ChildProcess): Promise<boolean> {
  for (let attempt = 0; attempt < 200 && program.exitCode === null; attempt++) {
    const reached = await new Promise<boolean>((resolve) => {
      const socket = connect(port, '127.0.0.1', () => resolve(true)).once('error', () => resolve(false));
      socket.unref().once('connect', () => socket.destroy());
    });
    if (reached) return true;
    await sleep(25);
  }
  return false;
}

async function end(program: ChildProcess): Promise<void> {
  if (program.exitCode !== null || program.signalCode !== null) return;
  const ended = new Promise((resolve) => program.once('exit', resolve));
  program.kill('SIGTERM');
  await ended;
}
