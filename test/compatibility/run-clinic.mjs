// Runs the tests of examples/clinic, an application of other versions than this repository's: node test/compatibility/run-clinic.mjs
import { execFile } from 'node:child_process';
import { cpSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { createTestDatabase, describeServer, startPostgres } from '@backstory/test/postgres';
import { pack } from '../../scripts/pack.mjs';

const root = fileURLToPath(new URL('../..', import.meta.url));
const folder = mkdtempSync(path.join(tmpdir(), 'backstory-clinic-'));
const server = await startPostgres();
try {
  const { version, url } = await describeServer(server.url);
  console.log(`PostgreSQL ${version} at ${url}, Node.js ${process.version}\n`);
  cpSync(path.join(root, 'examples/clinic'), folder, { recursive: true });
  const libraries = ['packages/adapter', 'packages/nest-module'].map((library) => path.join(root, library));
  const tarballs = await pack(libraries, folder);
  await run(
    'npm',
    'install',
    '--no-save',
    '--no-package-lock',
    '--no-audit',
    '--no-fund',
    '--loglevel=error',
    ...tarballs,
  );
  await run('npm', 'run', '--silent', 'build');
  const database = await createTestDatabase({ serverUrl: server.url });
  try {
    process.env['DATABASE_URL'] = database.url;
    console.log(await run('npm', 'test', '--silent'));
  } finally {
    await database.drop();
  }
} finally {
  await server.stop();
  rmSync(folder, { recursive: true, force: true });
}

/** @param {string} program @param {string[]} args */
async function run(program, ...args) {
  try {
    return (await promisify(execFile)(program, args, { cwd: folder })).stdout;
  } catch (error) {
    const { stdout, stderr } = /** @type {{ stdout: string, stderr: string }} */ (error);
    throw new Error(`${program} ${args.slice(0, 2).join(' ')} failed:\n${stdout}${stderr}`, { cause: error });
  }
}
