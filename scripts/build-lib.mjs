// Compiles a library twice, as CommonJS and as ES modules: node scripts/build-lib.mjs packages/adapter …
// Only a package in both formats loads in every combination of NestJS version, jest mode and Node version.
import { spawn } from 'node:child_process';
import { chmodSync, existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';

const FORMATS = [
  { folder: 'cjs', module: 'commonjs', type: 'commonjs' },
  { folder: 'esm', module: 'esnext', type: 'module' },
];
const tsc = createRequire(import.meta.url).resolve('typescript/bin/tsc');

for (const library of process.argv.slice(2)) {
  rmSync(path.join(library, 'dist'), { recursive: true, force: true });
  await Promise.all(FORMATS.map((format) => compile(library, format)));
  makeProgramsExecutable(library);
}

/**
 * @param {string} library
 * @param {{ folder: string, module: string, type: string }} format
 */
async function compile(library, { folder, module, type }) {
  const outDir = path.join(library, 'dist', folder);
  // What is compiled reads like its source; maps would be more than half of what a user installs.
  const flags = [
    '--outDir',
    outDir,
    '--module',
    module,
    '--moduleResolution',
    'bundler',
    '--sourceMap',
    'false',
  ];
  await run(process.execPath, [tsc, '-p', library, ...flags]);
  writeFileSync(path.join(outDir, 'package.json'), `${JSON.stringify({ type }, null, 2)}\n`);
}

/** @param {string} library */
function makeProgramsExecutable(library) {
  /** @type {{ bin?: Record<string, string> }} */
  const { bin = {} } = JSON.parse(readFileSync(path.join(library, 'package.json'), 'utf8'));
  for (const program of Object.values(bin)) {
    const file = path.join(library, program);
    if (existsSync(file)) chmodSync(file, 0o755);
  }
}

/**
 * @param {string} command
 * @param {string[]} args
 * @returns {Promise<void>}
 */
function run(command, args) {
  return new Promise((resolve) => {
    const child = spawn(command, args, { stdio: 'inherit' });
    // The compiler has printed what is wrong; a stack trace of ours would only hide it.
    child.on('exit', (code) => (code === 0 ? resolve() : process.exit(code ?? 1)));
  });
}
