'use strict';

const { execFile, spawn } = require('node:child_process');
const { randomBytes } = require('node:crypto');
const fs = require('node:fs');
const { createServer } = require('node:net');
const path = require('node:path');
const { setTimeout: sleep } = require('node:timers/promises');
const { promisify } = require('node:util');
const { postgresBinaries } = require('./binaries.cjs');
const { createHome, removeOrphans } = require('./home.cjs');
const { unprivilegedUser } = require('./unprivileged-user.cjs');

const START_TIMEOUT_MS = 60_000;
const STOP_TIMEOUT_MS = 20_000;
const PORT_ATTEMPTS = 5;

const DEFAULT_SETTINGS = {
  max_connections: 200,
  max_prepared_transactions: 20,
  unix_socket_directories: '',
  // The data is thrown away with the server: nothing is gained by surviving a crash.
  fsync: 'off',
  synchronous_commit: 'off',
  full_page_writes: 'off',
};

/** @type {typeof import('./index.cjs').startEmbeddedServer} */
async function startEmbeddedServer(settings, installedIn) {
  await removeOrphans();
  const user = await unprivilegedUser();
  const all = { ...DEFAULT_SETTINGS, ...settings };
  const home = createHome(user, { mayBeInMemory: all.fsync === 'off' });
  try {
    const binaries = postgresBinaries(home, user, installedIn);
    const password = randomBytes(12).toString('hex');
    await initialise(binaries, home, user, password);
    const { child: first, port } = await start(binaries.postgres, home, user, all);
    let child = first;
    let release = stopWithProcess(child, home);
    return {
      url: `postgres://postgres:${password}@127.0.0.1:${port}/postgres`,
      started: true,
      restart: async (whileDown) => {
        release();
        await stop(child);
        await whileDown?.();
        ({ child } = await start(binaries.postgres, home, user, all, port));
        release = stopWithProcess(child, home);
      },
      stop: async () => {
        release();
        await stop(child);
        remove(home);
      },
    };
  } catch (error) {
    remove(home);
    throw error;
  }
}

/**
 * @param {import('./binaries.cjs').Binaries} binaries
 * @param {string} home
 * @param {import('./unprivileged-user.cjs').User | undefined} user
 * @param {string} password
 */
async function initialise({ initdb, majorVersion }, home, user, password) {
  const passwordFile = path.join(home, 'password');
  fs.writeFileSync(passwordFile, `${password}\n`, { mode: 0o600 });
  if (user) fs.chownSync(passwordFile, user.uid, user.gid);
  const flags = [
    `--pgdata=${path.join(home, 'data')}`,
    '--username=postgres',
    '--auth=password',
    `--pwfile=${passwordFile}`,
    '--encoding=UTF8',
    '--locale=C',
    ...(majorVersion >= 17 ? ['--locale-provider=builtin', '--builtin-locale=C.UTF-8'] : []),
    '--no-sync',
  ];
  try {
    await promisify(execFile)(initdb, flags, { ...user, cwd: home, env: environment() });
  } catch (error) {
    const { stderr, message } = /** @type {Error & { stderr?: string }} */ (error);
    throw new Error(`initdb of the embedded PostgreSQL failed:\n${stderr || message}`, { cause: error });
  } finally {
    fs.rmSync(passwordFile, { force: true });
  }
}

/**
 * @param {string} postgres
 * @param {string} home
 * @param {import('./unprivileged-user.cjs').User | undefined} user
 * @param {Record<string, string | number>} settings
 * @param {number} [samePort]
 */
async function start(postgres, home, user, settings, samePort) {
  const data = path.join(home, 'data');
  const logFile = path.join(home, 'server.log');
  const flags = Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
  for (let attempt = 1; ; attempt++) {
    const port = samePort ?? (await freePort());
    const log = fs.openSync(logFile, 'w');
    const child = spawn(postgres, ['-D', data, '-h', '127.0.0.1', '-p', `${port}`, ...flags], {
      ...user,
      cwd: home,
      env: environment(),
      stdio: ['ignore', log, log],
    });
    fs.closeSync(log);
    child.on('error', (error) => fs.appendFileSync(logFile, `${error.message}\n`));
    if (await becomesReady(child, data)) {
      child.unref();
      return { child, port };
    }
    const output = fs.readFileSync(logFile, 'utf8').trim();
    // Somebody else may have taken the port since it was found free.
    if (attempt < PORT_ATTEMPTS && /could not (bind|create any TCP)/.test(output)) continue;
    throw new Error(
      `The embedded PostgreSQL did not start:\n${output}\nTo use a server of your own, set DATABASE_URL.`,
    );
  }
}

/**
 * The server writes its state into the eighth line of postmaster.pid; pg_ctl waits for it in the same way.
 * @param {import('node:child_process').ChildProcess} child
 * @param {string} data
 */
async function becomesReady(child, data) {
  const deadline = Date.now() + START_TIMEOUT_MS;
  while (Date.now() < deadline) {
    if (child.pid === undefined || hasEnded(child)) return false;
    const lines = readIfThere(path.join(data, 'postmaster.pid')).split('\n');
    if (Number(lines[0]) === child.pid && lines[7]?.trim() === 'ready') return true;
    await sleep(20);
  }
  child.kill('SIGQUIT');
  return false;
}

/** @param {import('node:child_process').ChildProcess} child */
async function stop(child) {
  if (hasEnded(child)) return;
  const ended = new Promise((resolve) => child.once('exit', resolve));
  child.ref();
  child.kill('SIGINT');
  const insist = setTimeout(() => child.kill('SIGQUIT'), STOP_TIMEOUT_MS);
  await ended;
  clearTimeout(insist);
}

/**
 * Whoever ends the process without calling stop(), by its end, exit() or a signal, still leaves nothing behind.
 * @param {import('node:child_process').ChildProcess} child
 * @param {string} home
 */
function stopWithProcess(child, home) {
  const signals = /** @type {const} */ (['SIGINT', 'SIGTERM', 'SIGHUP']);
  const onExit = () => {
    release();
    if (!hasEnded(child)) child.kill('SIGQUIT');
    const pidFile = path.join(home, 'data', 'postmaster.pid');
    const clock = new Int32Array(new SharedArrayBuffer(4));
    for (let waited = 0; waited < 5_000 && fs.existsSync(pidFile); waited += 10)
      Atomics.wait(clock, 0, 0, 10);
    remove(home);
  };
  /** @param {NodeJS.Signals} signal */
  const onSignal = (signal) => {
    // Another listener decides how the process ends; its end brings us here through 'exit'.
    if (process.listenerCount(signal) > 1) return;
    onExit();
    process.kill(process.pid, signal);
  };
  const release = () => {
    process.off('exit', onExit);
    for (const signal of signals) process.off(signal, onSignal);
  };
  process.on('exit', onExit);
  for (const signal of signals) process.on(signal, onSignal);
  return release;
}

/** @returns {Promise<number>} */
function freePort() {
  return new Promise((resolve, reject) => {
    const probe = createServer().once('error', reject);
    probe.listen(0, '127.0.0.1', () => {
      const { port } = /** @type {import('node:net').AddressInfo} */ (probe.address());
      probe.close(() => resolve(port));
    });
  });
}

/** The caller's environment without the variables that steer PostgreSQL programs, with messages in English. */
function environment() {
  const kept = Object.entries(process.env).filter(([name]) => !/^(PG|LC_|LANG)/.test(name));
  return { ...Object.fromEntries(kept), LC_ALL: 'C' };
}

/** @param {import('node:child_process').ChildProcess} child */
function hasEnded(child) {
  return child.exitCode !== null || child.signalCode !== null;
}

/** @param {string} file */
function readIfThere(file) {
  try {
    return fs.readFileSync(file, 'utf8');
  } catch {
    return '';
  }
}

/** @param {string} home */
function remove(home) {
  fs.rmSync(home, { recursive: true, force: true, maxRetries: 5 });
}

module.exports = { startEmbeddedServer };
