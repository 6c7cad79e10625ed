'use strict';

const { execFileSync } = require('node:child_process');
const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');
const { setTimeout: sleep } = require('node:timers/promises');
const { canReach } = require('./unprivileged-user.cjs');

// The folder of an embedded server says in its name who started it.
const NAME = /^backstory-postgres-(.+)-(\d+)-[A-Za-z0-9]+$/;

// ext4 looks, for each file that it makes, at all that were deleted in the minutes before: a server whose databases come and go
// takes 10 ms for a database at first, and a quarter of a second later.
const MEMORY = '/dev/shm';
const MEMORY_NEEDED = 4 * 2 ** 30;

/**
 * @param {import('./unprivileged-user.cjs').User | undefined} user
 * @param {{ mayBeInMemory: boolean }} options
 * @returns {string} a new folder that the user owns
 */
function createHome(user, { mayBeInMemory }) {
  const folders = mayBeInMemory && memoryFits() ? [MEMORY, ...disks()] : disks();
  const parent = folders.find((folder) => canReach(folder, user));
  if (!parent) {
    throw new Error(
      `The user "postgres" cannot get into ${os.tmpdir()}, where the embedded PostgreSQL keeps its data. ` +
        'Set TMPDIR to a folder that is open to all users, or DATABASE_URL to a running server.',
    );
  }
  const home = fs.mkdtempSync(path.join(parent, `backstory-postgres-${os.hostname()}-${process.pid}-`));
  if (user) fs.chownSync(home, user.uid, user.gid);
  return home;
}

/** Stops the servers, and removes the folders, of processes that were killed before they could do so. */
async function removeOrphans() {
  for (const home of homes().filter(isOrphan)) {
    const server = serverOf(home);
    try {
      if (server) await end(server);
      fs.rmSync(home, { recursive: true, force: true, maxRetries: 5 });
    } catch {
      // Another user's, or another run is removing it right now.
    }
  }
}

function disks() {
  const folders = process.platform === 'win32' ? [os.tmpdir()] : [os.tmpdir(), '/tmp'];
  return [...new Set(folders)].filter((folder) => fs.existsSync(folder));
}

/** Whether there is room for the databases of a test run, from which programs can be started, too. */
function memoryFits() {
  if (!fs.existsSync(MEMORY) || !fs.existsSync('/proc/mounts')) return false;
  const mount = fs
    .readFileSync('/proc/mounts', 'utf8')
    .split('\n')
    .map((line) => line.split(' '))
    .find(([, folder]) => folder === MEMORY);
  const { bsize, bavail } = fs.statfsSync(MEMORY);
  return (
    mount?.[2] === 'tmpfs' && !mount[3]?.split(',').includes('noexec') && bsize * bavail >= MEMORY_NEEDED
  );
}

function homes() {
  return [...disks(), MEMORY]
    .filter((folder) => fs.existsSync(folder))
    .flatMap((parent) =>
      fs
        .readdirSync(parent)
        .filter((name) => NAME.test(name))
        .map((name) => path.join(parent, name)),
    );
}

/** @param {string} home */
function isOrphan(home) {
  const [, host, owner] = NAME.exec(path.basename(home)) ?? [];
  return host === os.hostname() && !isAlive(Number(owner));
}

/**
 * The process id in a file that outlived its server may belong to anybody by now: the command line decides.
 * @param {string} home
 */
function serverOf(home) {
  const data = path.join(home, 'data');
  try {
    const pid = Number.parseInt(fs.readFileSync(path.join(data, 'postmaster.pid'), 'utf8'), 10);
    return isAlive(pid) && commandLine(pid).includes(data) ? pid : undefined;
  } catch {
    return undefined;
  }
}

/** @param {number} pid */
function commandLine(pid) {
  const file = `/proc/${pid}/cmdline`;
  if (fs.existsSync(file)) return fs.readFileSync(file, 'utf8');
  return execFileSync('ps', ['-o', 'command=', '-p', `${pid}`], { encoding: 'utf8' });
}

/** @param {number} pid */
async function end(pid) {
  process.kill(pid, 'SIGQUIT');
  for (let waited = 0; waited < 5_000 && isAlive(pid); waited += 20) await sleep(20);
}

/** @param {number} pid */
function isAlive(pid) {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return /** @type {NodeJS.ErrnoException} */ (error).code === 'EPERM';
  }
}

module.exports = { createHome, removeOrphans };
