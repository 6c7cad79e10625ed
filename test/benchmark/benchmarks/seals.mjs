import { hash, randomBytes } from 'node:crypto';
import { comparison } from '../harness/comparison.mjs';
import { interleave, timed } from '../harness/interleave.mjs';
import { withSubjects } from '../subjects/subject.mjs';

const EVENTS = 200_000;
const hashing = 'hashing alone';
const reading = 'reading alone';

/** @type {import('../harness/benchmark.mjs').Benchmark} */
export default {
  description:
    `\`backstory.seals.seal()\` of ${EVENTS.toLocaleString('en')} events, against what it can't do without: reading them into Node.js and ` +
    'two hashes for each and one for each node of the tree; and `seals.verify()`, against reading them.',
  measure: (run) => {
    const events = run.rounds(EVENTS);
    return withSubjects(
      run.serverUrl,
      { subject: { recordedBy: 'backstory', rows: events } },
      async ([subject]) => {
        if (!subject?.backstory) throw new Error('Nothing to measure.');
        const { backstory } = subject;
        const sample = await inMemory(subject, 1, 1000);
        await backstory.seals.seal();
        /** @type {Record<string, () => Promise<unknown>>} */
        const work = {
          [reading]: () => readAll(subject, events),
          [hashing]: async () => hashAll(sample, events),
          'seal()': () => backstory.seals.seal(),
          'verify()': async () => {
            const { clean } = await backstory.seals.verify();
            if (!clean) throw new Error('The events differ from their seals.');
          },
        };
        const samples = await interleave({
          variants: Object.keys(work),
          rounds: 5,
          warmUp: 1,
          random: run.random,
          turn: async (variant, round) => {
            run.progress(`${variant}, round ${round}`);
            if (variant === 'seal()') await unseal(subject);
            return [await timed(work[variant] ?? (async () => {}))];
          },
        });
        const of = (/** @type {string} */ variant, /** @type {number | undefined} */ goal) => ({
          operation: `${events.toLocaleString('en')} events`,
          variant,
          samples: samples.get(variant) ?? [],
          perSecond: events,
          ...(goal && { goal }),
        });
        const both = (samples.get(reading) ?? []).map(
          (time, index) => time + (samples.get(hashing)?.[index] ?? 0),
        );
        const floor = { ...of(reading, undefined), variant: 'reading and hashing', samples: both };
        return [
          comparison('Seal', 'reading and hashing', [floor, of(hashing, undefined), of('seal()', 2)]),
          comparison('Verify seals', reading, [of(reading, undefined), of('verify()', 3)]),
        ];
      },
    );
  },
  profile: (run) => {
    const events = run.rounds(EVENTS);
    return withSubjects(
      run.serverUrl,
      { subject: { recordedBy: 'backstory', rows: events } },
      async ([subject]) => {
        if (!subject?.backstory) throw new Error('Nothing to measure.');
        const lines = [];
        for (const [name, work] of /** @type {const} */ ([
          ['seal()', () => subject.backstory?.seals.seal()],
          ['verify()', () => subject.backstory?.seals.verify()],
        ])) {
          await subject.dataSource.query('create extension if not exists pg_stat_statements');
          await subject.dataSource.query('select pg_stat_statements_reset()');
          const before = process.cpuUsage();
          const took = await timed(async () => work());
          const { user, system } = process.cpuUsage(before);
          const rows = await subject.dataSource.query(
            `select round(total_exec_time::numeric) as ms, calls, left(regexp_replace(query, '\\s+', ' ', 'g'), 90) as query
           from pg_stat_statements where total_exec_time > 5 order by total_exec_time desc limit 5`,
          );
          lines.push(
            `${name} of ${events} events: ${took.toFixed(0)} ms, of which Node.js worked ${((user + system) / 1000).toFixed(0)} ms; PostgreSQL:`,
            ...rows.map(
              (/** @type {{ ms: string, calls: string, query: string }} */ row) =>
                `  ${row.ms} ms, ${row.calls} calls: ${row.query}`,
            ),
          );
        }
        return lines.join('\n');
      },
    );
  },
};

/** @param {import('../subjects/subject.mjs').Subject} subject */
async function unseal({ dataSource }) {
  await dataSource.transaction(async (manager) => {
    await manager.query('set local session_replication_role = replica');
    await manager.query('truncate backstory.seal_blocks, backstory.event_commitments');
  });
}

/** @param {import('../subjects/subject.mjs').Subject} subject @param {number} from @param {number} to */
function inMemory({ dataSource }, from, to) {
  return dataSource.query(
    `select global_position::text, category, stream_id, stream_position::text, type, change, schema_version::text, recorded_at::text,
       data::text, metadata::text
     from backstory.events where global_position between $1 and $2 order by global_position`,
    [from, to],
  );
}

/** @param {import('../subjects/subject.mjs').Subject} subject @param {number} events */
async function readAll(subject, events) {
  for (let from = 1; from <= events; from += 2000) await inMemory(subject, from, from + 1999);
}

/** @param {Record<string, string>[]} sample @param {number} events */
function hashAll(sample, events) {
  const node = randomBytes(65);
  const salt = randomBytes(16).toString('hex');
  const texts = sample.map(({ data, metadata, ...clear }) => ({
    secret: `${salt}${data}${metadata}`,
    clear: JSON.stringify([Object.values(clear), salt, salt]),
  }));
  for (let event = 0; event < events; event++) {
    const text = texts[event % texts.length];
    hash('sha256', text?.secret ?? '', 'hex');
    hash('sha256', text?.clear ?? '', 'buffer');
    hash('sha256', node, 'buffer');
  }
}
