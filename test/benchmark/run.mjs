// Measures what Backstory costs and gives, each figure as a ratio to a named floor of the same run. See README.md.
//   npm run bench -- [names…] [--connections 1,8] [--scale 0.1] [--growth 1000000] [--seed 42] [--skip-peers]
//                    [--profile] [--write] [--compare results/earlier.json]
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { startPostgres } from '@backstory/test/postgres';
import { circumstances, loadAverage } from './harness/circumstances.mjs';
import { installedPeers } from './harness/peers.mjs';
import { withFigures } from './harness/performance-page.mjs';
import { report } from './harness/report.mjs';
import { seededRandom } from './harness/seeded-random.mjs';
import { slowerThan } from './harness/slower-than.mjs';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    connections: { type: 'string', default: '1,8' },
    scale: { type: 'string', default: '1' },
    growth: { type: 'string', default: '1000000' },
    seed: { type: 'string', default: `${Date.now() % 1_000_000}` },
    'skip-peers': { type: 'boolean', default: false },
    profile: { type: 'boolean', default: false },
    write: { type: 'boolean', default: false },
    compare: { type: 'string' },
  },
});
const page = path.join(import.meta.dirname, '../../docs/performance-figures.md');
const resultsFolder = path.join(import.meta.dirname, 'results');
if (values.write && (positionals.length > 0 || values.profile)) {
  throw new Error(
    '--write replaces all figures of docs/performance-figures.md: run it without names and without --profile.',
  );
}
const earlier = values.compare === undefined ? undefined : earlierResults(values.compare);
const benchmarks = await load(positionals);
const started = new Date();
// As a server in production is durable, but without checkpoints in the middle of a measurement, and with the WAL's files
// there already, as where it has been written for a while: to make one of 16 MB takes all who commit meanwhile 40 ms.
const server = await startPostgres({
  settings: {
    fsync: 'on',
    synchronous_commit: 'on',
    full_page_writes: 'on',
    shared_buffers: '512MB',
    max_wal_size: '8GB',
    min_wal_size: '4GB',
    checkpoint_timeout: '1h',
    ...(values.profile && {
      shared_preload_libraries: 'pg_stat_statements',
      'pg_stat_statements.track_planning': 'on',
    }),
  },
});
try {
  const seed = Number(values.seed);
  const header = await circumstances(server.url, seed);
  for (const [name, value] of Object.entries(header)) console.log(`- ${name}: ${value}`);
  /** @type {import('./harness/report.mjs').Result[]} */
  const results = [];
  for (const [name, benchmark] of benchmarks) {
    const run = {
      serverUrl: server.url,
      connections: values.connections.split(',').map(Number),
      random: seededRandom(seed),
      rounds: (/** @type {number} */ rounds) => Math.max(3, Math.round(rounds * Number(values.scale))),
      growth: Number(values.growth),
      peers: async () => (values['skip-peers'] ? undefined : installedPeers()),
      progress: (/** @type {string} */ text) => process.stderr.write(`  ${name}: ${text}\n`),
    };
    if (values.profile) {
      console.log(
        `\n## ${name}\n\n${(await benchmark.profile?.(run)) ?? 'This benchmark has no profile.'}\n`,
      );
      continue;
    }
    const begin = Date.now();
    const sections = await measured(name, () => benchmark.measure(run));
    const result = {
      name,
      description: benchmark.description,
      seconds: Math.round((Date.now() - begin) / 1000),
      sections,
    };
    results.push(result);
    console.log(`\n${report([result])}`);
  }
  const minutes = ((Date.now() - started.getTime()) / 60_000).toFixed(1);
  const footer = { 'load average at the end': loadAverage(), 'took, minutes': minutes };
  for (const [name, value] of Object.entries(footer)) console.log(`- ${name}: ${value}`);
  if (!values.profile) keep({ ...header, ...footer }, results);
  if (earlier) compare(earlier, results);
} finally {
  await server.stop();
}

/**
 * One that fails doesn't take the figures of the others with it; the run fails all the same.
 * @param {string} name
 * @param {() => Promise<import('./harness/benchmark.mjs').Section[]>} measure
 */
async function measured(name, measure) {
  try {
    return await measure();
  } catch (error) {
    console.error(`${name} failed:`, error);
    process.exitCode = 1;
    return [{ title: 'Failed', figures: [], heading: ['error'], cells: [[String(error)]] }];
  }
}

/**
 * @param {Record<string, string>} header
 * @param {import('./harness/report.mjs').Result[]} results
 */
function keep(header, results) {
  mkdirSync(resultsFolder, { recursive: true });
  const file = path.join(resultsFolder, started.toISOString().replaceAll(':', '-').slice(0, 19));
  const text = [...Object.entries(header).map(([name, value]) => `- ${name}: ${value}`), '', report(results)];
  writeFileSync(`${file}.md`, text.join('\n'));
  const figures = results.map(({ sections, ...result }) => ({
    ...result,
    sections: sections.map(({ title, figures, notes }) => ({ title, figures, notes })),
  }));
  writeFileSync(`${file}.json`, JSON.stringify({ ...header, results: figures }, null, 2) + '\n');
  console.log(`- kept as: ${path.relative(process.cwd(), file)}.md and .json`);
  if (values.write && !process.exitCode)
    writeFileSync(page, withFigures(readFileSync(page, 'utf8'), text.join('\n')));
}

/** @param {string} file @returns {import('./harness/slower-than.mjs').KeptResult[]} */
function earlierResults(file) {
  const { results } = JSON.parse(readFileSync(file, 'utf8'));
  if (!Array.isArray(results))
    throw new Error(`${file} has no results: name a JSON file of ${resultsFolder}.`);
  return results;
}

/**
 * @param {import('./harness/slower-than.mjs').KeptResult[]} before
 * @param {import('./harness/report.mjs').Result[]} now
 */
function compare(before, now) {
  const { compared, slower } = slowerThan(before, /** @type {never} */ (now));
  console.log(`- ${slower.length} of ${compared} figures are slower than in ${values.compare}, beyond noise`);
  for (const each of slower)
    console.log(
      `  - ${each.benchmark}, ${each.section}, ${each.operation}, ${each.variant}: ${each.before.toFixed(2)} → ${each.now.toFixed(2)}`,
    );
  if (compared === 0) throw new Error(`Nothing of ${values.compare} was measured in this run.`);
}

/**
 * @param {string[]} wanted
 * @returns {Promise<[name: string, benchmark: import('./harness/benchmark.mjs').Benchmark][]>}
 */
async function load(wanted) {
  const folder = path.join(import.meta.dirname, 'benchmarks');
  const known = readdirSync(folder).map((file) => path.basename(file, '.mjs'));
  const unknown = wanted.filter((name) => !known.includes(name));
  if (unknown.length > 0) {
    throw new Error(`There is no benchmark ${unknown.join(', ')}. There are: ${known.join(', ')}.`);
  }
  return Promise.all(
    (wanted.length > 0 ? wanted : known).map(async (name) => {
      const module = await import(`./benchmarks/${name}.mjs`);
      return /** @type {const} */ ([name, module.default]);
    }),
  ).then((loaded) => loaded.map(([name, benchmark]) => [name, benchmark]));
}
