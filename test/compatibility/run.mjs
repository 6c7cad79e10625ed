// Installs the packed packages beside every supported combination of NestJS and TypeORM, and runs an application
// on each, once as CommonJS and once as ES modules.
//   node test/compatibility/run.mjs [--nestjs 12] [--typeorm 0.3]
import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs, promisify } from 'node:util';
import { createTestDatabase, describeServer, startPostgres } from '@backstory/test/postgres';
import { pack } from '../../scripts/pack.mjs';
import { combinations, dependenciesOf } from './combinations.mjs';
import { installedFolder, installPackages, RefusedByNpm } from './installation.mjs';

/** @typedef {{ verdict: 'ok' | 'failed' | 'refused', seconds: number, output?: string }} Outcome */

const CONCURRENCY = 2;
const BOOT_TIMEOUT_MS = 60_000;
const APPLICATIONS = /** @type {const} */ ({ CJS: 'cjs', ESM: 'mjs' });
const root = fileURLToPath(new URL('../..', import.meta.url));

const { values: wanted } = parseArgs({
  options: { nestjs: { type: 'string', default: '' }, typeorm: { type: 'string', default: '' } },
});
const selected = combinations.filter(
  ({ nestjs, typeorm }) => nestjs.startsWith(wanted.nestjs) && typeorm.startsWith(wanted.typeorm),
);
const tarballFolder = mkdtempSync(path.join(tmpdir(), 'backstory-packages-'));
const server = await startPostgres();
try {
  const { version, url } = await describeServer(server.url);
  console.log(`PostgreSQL ${version} at ${url}, Node.js ${process.version}\n`);
  const libraries = ['packages/adapter', 'packages/nest-module'].map((library) => path.join(root, library));
  const tarballs = await pack(libraries, tarballFolder);
  const rows = await inParallel(selected, (combination) => tryOut(combination, tarballs));
  report(rows);
  if (rows.length === 0 || rows.some(({ outcomes }) => outcomes.some(isFailure))) process.exitCode = 1;
} finally {
  await server.stop();
  rmSync(tarballFolder, { recursive: true, force: true });
}

/**
 * @param {import('./combinations.mjs').Combination} combination
 * @param {string[]} tarballs
 */
async function tryOut(combination, tarballs) {
  let folder = '';
  const outcomes = [
    await timed(async () => {
      folder = await installedFolder(dependenciesOf(combination));
    }),
  ];
  // That npm refuses the application on its own is nothing of ours; that it refuses Backstory in it is.
  if (outcomes[0]?.verdict === 'ok') {
    const installed = await timed(() => installPackages(folder, tarballs));
    outcomes.push(installed.verdict === 'refused' ? { ...installed, verdict: 'failed' } : installed);
    if (installed.verdict === 'ok') {
      for (const format of Object.values(APPLICATIONS)) {
        outcomes.push(await timed(() => boot(folder, format)));
      }
    }
  }
  return { combination, outcomes };
}

/** @param {string} folder @param {string} format */
async function boot(folder, format) {
  const database = await createTestDatabase({ serverUrl: server.url });
  const env = { ...process.env, DATABASE_URL: database.url };
  const backstory = path.join(folder, 'node_modules/.bin/backstory');
  const app = ['--app', `app.${format}`];
  try {
    await succeeds(process.execPath, [`main.${format}`], folder, env);
    // The rows have drifted: the command line finds it, and settles it.
    await succeeds(backstory, ['verify', ...app], folder, env, 2);
    await succeeds(backstory, ['repair', ...app], folder, env);
    await succeeds(backstory, ['verify', '--json', '--data-source', 'data-source.cjs'], folder, env);
  } finally {
    await database.drop();
  }
}

/**
 * @param {string} program
 * @param {string[]} args
 * @param {string} cwd
 * @param {NodeJS.ProcessEnv} env
 */
async function succeeds(program, args, cwd, env, exitCode = 0) {
  const { code, said } = await promisify(execFile)(program, args, {
    cwd,
    env,
    timeout: BOOT_TIMEOUT_MS,
  }).then(
    ({ stdout, stderr }) => ({ code: 0, said: stdout + stderr }),
    ({ code, killed, stdout, stderr }) => ({
      code,
      said: `${stdout}${stderr}${killed ? `\nstill running after ${BOOT_TIMEOUT_MS / 1000} s` : ''}`,
    }),
  );
  if (code !== exitCode) {
    throw new Error(
      `${path.basename(program)} ${args.join(' ')}: exit code ${code}, not ${exitCode}\n${said}`.trim(),
    );
  }
}

/** @param {() => Promise<void>} work @returns {Promise<Outcome>} */
async function timed(work) {
  const start = performance.now();
  const seconds = () => (performance.now() - start) / 1000;
  try {
    await work();
    return { verdict: 'ok', seconds: seconds() };
  } catch (error) {
    const output = error instanceof Error ? error.message : String(error);
    return { verdict: error instanceof RefusedByNpm ? 'refused' : 'failed', seconds: seconds(), output };
  }
}

/**
 * @template T, R
 * @param {T[]} items
 * @param {(item: T) => Promise<R>} work
 * @returns {Promise<R[]>}
 */
async function inParallel(items, work) {
  /** @type {R[]} */
  const results = [];
  const rest = items.entries();
  await Promise.all(
    Array.from({ length: CONCURRENCY }, async () => {
      for (const [index, item] of rest) results[index] = await work(item);
    }),
  );
  return results;
}

/** @param {Awaited<ReturnType<typeof tryOut>>[]} rows */
function report(rows) {
  const heading = [
    'NestJS',
    '@nestjs/typeorm',
    'TypeORM',
    'npm install',
    '+ Backstory',
    ...Object.keys(APPLICATIONS),
  ];
  const table = rows.map(({ combination: { nestjs, nestjsTypeorm, typeorm }, outcomes }) => [
    nestjs,
    nestjsTypeorm,
    typeorm,
    ...outcomes.map(({ verdict, seconds }) => `${verdict} ${seconds.toFixed(1)} s`),
  ]);
  const widths = heading.map((title, column) =>
    Math.max(title.length, ...table.map((cells) => cells[column]?.length ?? 0)),
  );
  for (const cells of [heading, ...table]) {
    console.log(
      cells
        .map((cell, column) => cell.padEnd(widths[column] ?? 0))
        .join('  ')
        .trimEnd(),
    );
  }
  for (const { combination, outcomes } of rows) {
    for (const [index, { verdict, output }] of outcomes.entries()) {
      if (verdict === 'ok') continue;
      const { nestjs, typeorm } = combination;
      console.log(`\nNestJS ${nestjs}, TypeORM ${typeorm}, ${heading[3 + index]}: ${verdict}\n${output}`);
    }
  }
}

/** @param {Outcome} outcome */
function isFailure({ verdict }) {
  return verdict === 'failed';
}
