'use strict';

const { execFile } = require('node:child_process');
const fs = require('node:fs');
const path = require('node:path');
const { promisify } = require('node:util');

const run = promisify(execFile);

/** @typedef {{ uid: number, gid: number }} User */

/**
 * PostgreSQL refuses to run as root. For root, the user `postgres`, made if there is none; for others nobody else.
 * @returns {Promise<User | undefined>}
 */
async function unprivilegedUser() {
  if (process.getuid?.() !== 0) return undefined;
  const user = await find('postgres');
  if (user) return user;
  try {
    await run('useradd', ['--system', '--user-group', '--no-create-home', 'postgres']);
  } catch (error) {
    throw new Error(
      'PostgreSQL refuses to run as root, and the user "postgres" could not be created to run it instead. ' +
        'Create that user, run as an ordinary user, or set DATABASE_URL to a running server.',
      { cause: error },
    );
  }
  return find('postgres');
}

/** @param {string} name @returns {Promise<User | undefined>} */
async function find(name) {
  try {
    const [uid, gid] = await Promise.all([run('id', ['-u', name]), run('id', ['-g', name])]);
    return { uid: Number(uid.stdout), gid: Number(gid.stdout) };
  } catch {
    return undefined;
  }
}

/**
 * Whether the user can get into the folder: every folder on the way must be open to all, or the user's own.
 * @param {string} folder
 * @param {User | undefined} user
 */
function canReach(folder, user) {
  if (!user) return true;
  for (let at = fs.realpathSync(folder); ; at = path.dirname(at)) {
    const { mode, uid } = fs.statSync(at);
    if (!(mode & 0o001) && !(uid === user.uid && mode & 0o100)) return false;
    if (at === path.dirname(at)) return true;
  }
}

module.exports = { unprivilegedUser, canReach };
