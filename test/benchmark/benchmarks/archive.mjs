import { comparison } from '../harness/comparison.mjs';
import { interleave, timed } from '../harness/interleave.mjs';
import { withSubjects } from '../subjects/subject.mjs';

const STREAMS = 1_000;
const LENGTH = 200;
const byHand = 'events by hand';

/** @type {import('../harness/benchmark.mjs').Benchmark} */
export default {
  description:
    `Streams of ${LENGTH} events are moved to the archive by \`backstory.archive.move()\`, against one bare ` +
    '`INSERT … SELECT` and `DELETE` of the same events, without a look at what they say; and what is left of the log.',
  measure: (run) => {
    const rows = run.rounds(STREAMS);
    const events = rows * LENGTH;
    const subjects = /** @type {const} */ ({
      [byHand]: { recordedBy: 'backstory', rows },
      'archive.move()': { recordedBy: 'backstory', rows },
    });
    return withSubjects(run.serverUrl, subjects, async (opened) => {
      for (const { dataSource } of opened) {
        await dataSource.query(
          `do $$ begin for n in 2..${LENGTH} loop update article set stock = stock + 1, title = 'Article ' || n; end loop; end $$`,
        );
      }
      const [first] = opened;
      if (!first?.backstory) throw new Error('Nothing to measure.');
      await first.tidy();
      const before = {
        ...(await sizes(first)),
        verify: await timed(() => first.backstory?.verify() ?? first.tidy()),
      };
      const samples = await interleave({
        variants: opened,
        rounds: 5,
        warmUp: 1,
        random: run.random,
        turn: async (subject, round) => {
          run.progress(`${subject.name}, round ${round}`);
          const milliseconds = await timed(() => move(subject));
          await restore(subject);
          await subject.tidy();
          return [milliseconds];
        },
      });
      const measurements = opened.map((subject) => ({
        operation: `move ${events.toLocaleString('en')} events`,
        variant: subject.name,
        samples: samples.get(subject) ?? [],
        perSecond: events,
      }));
      await move(opened[1] ?? first);
      const archived = opened[1] ?? first;
      await archived.dataSource.query('vacuum full backstory.events');
      await archived.dataSource.query('vacuum full backstory.archived_events');
      await archived.tidy();
      const after = {
        ...(await sizes(archived)),
        verify: await timed(() => archived.backstory?.verify() ?? archived.tidy()),
      };
      return [comparison('Moved', byHand, measurements), whatIsLeft(before, after)];
    });
  },
};

/** @param {import('../subjects/subject.mjs').Subject} subject */
async function move({ name, dataSource, backstory }) {
  if (name !== byHand) {
    await backstory?.archive.move({ before: new Date(Date.now() + 60_000) });
    return;
  }
  await dataSource.transaction(async (manager) => {
    await manager.query('set local session_replication_role = replica');
    await manager.query('insert into backstory.archived_events select * from backstory.events');
    await manager.query('delete from backstory.events');
  });
}

/** @param {import('../subjects/subject.mjs').Subject} subject */
async function restore({ name, dataSource, backstory }) {
  if (name !== byHand) {
    await backstory?.archive.restore();
    return;
  }
  await dataSource.query(
    'insert into backstory.events overriding system value select * from backstory.archived_events',
  );
  await dataSource.query('truncate backstory.archived_events');
}

/** @typedef {{ events: number, bytes: number, archive: number }} Sizes */

/** @param {import('../subjects/subject.mjs').Subject} subject @returns {Promise<Sizes>} */
async function sizes({ dataSource }) {
  const [row] = await dataSource.query(
    `select (select count(*) from backstory.events)::float8 as events,
            pg_total_relation_size('backstory.events')::float8 as bytes,
            pg_total_relation_size('backstory.archived_events')::float8 as archive`,
  );
  return row;
}

/**
 * @param {Sizes & { verify: number }} before
 * @param {Sizes & { verify: number }} after
 * @returns {import('../harness/benchmark.mjs').Section}
 */
function whatIsLeft(before, after) {
  const figures = [
    { when: 'before', ...before, ratio: 1 },
    { when: 'after', ...after, ratio: after.bytes / before.bytes },
  ];
  return {
    title: 'What is left of the log',
    figures,
    heading: ['when', 'events', 'MiB of the log', 'ratio', 'MiB of the archive', 'verify() ms'],
    cells: figures.map(({ when, events, bytes, ratio, archive, verify }) => [
      when,
      events.toLocaleString('en'),
      (bytes / 2 ** 20).toFixed(1),
      ratio === 1 ? '1' : `**${ratio.toFixed(3)}**`,
      (archive / 2 ** 20).toFixed(1),
      verify.toFixed(0),
    ]),
    notes: ['After `VACUUM FULL`; a plain vacuum leaves the room in the table, for the events to come.'],
  };
}
