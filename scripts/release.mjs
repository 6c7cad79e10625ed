// Publishes both packages, under the version and with the notes of CHANGELOG.md: npm run release -- --dry-run
// Needs a clean checkout of main that has passed .ci/run, and an npm login, or a CI that npm trusts. `--provenance` is npm's own: it works in such a CI only.
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';

const isDryRun = process.argv.includes('--dry-run');
const packages = ['packages/adapter', 'packages/nest-module'];

/** @type {(program: string, ...args: string[]) => unknown} */
const run = (program, ...args) => execFileSync(program, args, { stdio: 'inherit' });
/** @type {(program: string, ...args: string[]) => string} */
const output = (program, ...args) => execFileSync(program, args, { encoding: 'utf8' }).trim();

/** @param {string} file */
const manifest = (file) => JSON.parse(readFileSync(file, 'utf8'));

/** What stands between this checkout and a release, each in a sentence. */
function obstacles() {
  const { version } = manifest('package.json');
  const found = [];
  for (const folder of packages) {
    const { name, version: own, peerDependencies = {} } = manifest(`${folder}/package.json`);
    if (own !== version)
      found.push(`${name} has version ${own}, the root ${version}: all are released under one.`);
    const adapter = peerDependencies['@backstory/adapter'];
    if (adapter !== undefined && !adapter.includes(version)) {
      found.push(`${name} wants @backstory/adapter ${adapter}, which is not ${version}.`);
    }
  }
  const heading = new RegExp(`^## \\[${version.replaceAll('.', '\\.')}\\] - (.*)$`, 'm').exec(
    readFileSync('CHANGELOG.md', 'utf8'),
  );
  if (!heading) found.push(`CHANGELOG.md has no section "## [${version}] - <date>".`);
  else if (!/^\d{4}-\d{2}-\d{2}$/.test(heading[1] ?? '')) {
    found.push(`CHANGELOG.md calls ${version} "${heading[1]}": put the date of today there.`);
  }
  if (output('git', 'status', '--porcelain') !== '')
    found.push('The checkout has changes that are not committed.');
  if (output('git', 'rev-parse', '--abbrev-ref', 'HEAD') !== 'main')
    found.push('This is not the branch main.');
  if (output('git', 'tag', '--list', `v${version}`) !== '')
    found.push(`The tag v${version} is there already.`);
  return found;
}

const found = obstacles();
for (const obstacle of found) console.error(`- ${obstacle}`);
if (found.length > 0 && !isDryRun) {
  console.error('Nothing was published.');
  process.exit(1);
}

run('npm', 'run', '--silent', 'verify:package');
for (const folder of packages) {
  const rights = isDryRun ? ['--dry-run'] : ['--provenance'];
  run('npm', 'publish', `./${folder}`, '--access', 'public', ...rights);
}
if (!isDryRun) {
  const { version } = manifest('package.json');
  run('git', 'tag', '--annotate', `v${version}`, '--message', `Version ${version}`);
  run('git', 'push', 'origin', `v${version}`);
}
process.exitCode = found.length > 0 ? 1 : 0;
