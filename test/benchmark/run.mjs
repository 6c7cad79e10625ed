// Measures what Backstory costs, each figure as a ratio to the same work without it, in the same run:
//   npm run bench -- [names…] [--connections 1,8] [--scale 0.1] [--seed 42] [--json file] [--profile]
import { readdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { startPostgres } from '@backstory/test/postgres';
import { circumstances, loadAverage } from './harness/circumstances.mjs';
import { markdown } from './harness/report.mjs';
import { seededRandom } from './harness/seeded-random.mjs';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    connections: { type: 'string', default: '1,8' },
    scale: { type: 'string', default: '1' },
    seed: { type: 'string', default: `${Date.now() % 1_000_000}` },
    json: { type: 'string' },
    profile: { type: 'boolean', default: false },
  },
});
const benchmarks = await load(positionals);
// As a server in production is durable, but without checkpoints in the middle of a measurement.
const server = await startPostgres({
  settings: {
    fsync: 'on',
    synchronous_commit: 'on',
    full_page_writes: 'on',
    shared_buffers: '512MB',
    max_wal_size: '8GB',
    checkpoint_timeout: '1h',
  },
});
try {
  const seed = Number(values.seed);
  const header = await circumstances(server.url, seed);
  for (const [name, value] of Object.entries(header)) console.log(`- ${name}: ${value}`);
  /** @type {Record<string, unknown>} */
  const results = {};
  for (const [name, benchmark] of benchmarks) {
    const run = {
      serverUrl: server.url,
      connections: values.connections.split(',').map(Number),
      random: seededRandom(seed),
      rounds: (/** @type {number} */ rounds) => Math.max(3, Math.round(rounds * Number(values.scale))),
      progress: (/** @type {string} */ text) => process.stderr.write(`  ${name}: ${text}\n`),
    };
    console.log(`\n## ${name}\n\n${benchmark.description}\n`);
    if (values.profile) {
      console.log((await benchmark.profile?.(run)) ?? 'This benchmark has no profile.\n');
      continue;
    }
    const sections = await benchmark.measure(run);
    for (const section of sections) console.log(markdown(section));
    results[name] = sections.map(({ title, figures, notes }) => ({ title, figures, notes }));
  }
  console.log(`- load average at the end: ${loadAverage()}`);
  if (values.json) writeFileSync(values.json, JSON.stringify({ ...header, results }, null, 2) + '\n');
} finally {
  await server.stop();
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
