import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { cpSync, existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir, userInfo } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const APPLICATIONS = fileURLToPath(new URL('applications', import.meta.url));
const CACHE = path.join(tmpdir(), `backstory-compatibility-${userInfo().username}`);
const NPM_INSTALL = [
  'install',
  '--no-package-lock',
  '--ignore-scripts',
  '--no-audit',
  '--no-fund',
  '--prefer-offline',
  '--loglevel=error',
];

/** npm found no set of packages whose peer dependencies agree. */
export class RefusedByNpm extends Error {}

/**
 * A folder with these dependencies installed, kept for the next run.
 * @param {Record<string, string>} dependencies
 */
export async function installedFolder(dependencies) {
  const contents = JSON.stringify({ name: 'application', private: true, dependencies }, null, 2);
  const hash = createHash('sha256').update(`${process.version} ${contents}`).digest('hex').slice(0, 16);
  const folder = path.join(CACHE, hash);
  const complete = path.join(folder, 'complete');
  if (!existsSync(complete)) {
    rmSync(folder, { recursive: true, force: true });
    mkdirSync(folder, { recursive: true });
    writeFileSync(path.join(folder, 'package.json'), contents);
    await npmInstall(folder);
    writeFileSync(complete, '');
  }
  return folder;
}

/**
 * Adds the packages under test and the applications that use them, fresh in every run.
 * @param {string} folder
 * @param {string[]} tarballs
 */
export async function installPackages(folder, tarballs) {
  rmSync(path.join(folder, 'node_modules', '@backstory'), { recursive: true, force: true });
  await npmInstall(folder, '--no-save', ...tarballs);
  cpSync(APPLICATIONS, folder, { recursive: true });
}

/** @param {string} folder @param {string[]} args */
async function npmInstall(folder, ...args) {
  try {
    await promisify(execFile)('npm', [...NPM_INSTALL, ...args], { cwd: folder });
  } catch (error) {
    const { stderr } = /** @type {{ stderr: string }} */ (error);
    if (!stderr.includes('ERESOLVE')) throw new Error(stderr.trim(), { cause: error });
    throw new RefusedByNpm(reasonOfRefusal(stderr), { cause: error });
  }
}

/** @param {string} stderr */
function reasonOfRefusal(stderr) {
  const line =
    stderr.split('\n').find((text) => /\bpeer(Optional)? /.test(text)) ?? 'peer dependencies disagree';
  return line.replace(/^npm (error|ERR!)\s*/, '').trim();
}
