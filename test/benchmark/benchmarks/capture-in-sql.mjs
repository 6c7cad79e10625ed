import { comparison } from '../harness/comparison.mjs';
import { interleave, timed } from '../harness/interleave.mjs';
import { insertArticles } from '../subjects/article.mjs';
import { requestContext, withSubjects } from '../subjects/subject.mjs';

/** @typedef {import('../subjects/subject.mjs').Subject} Subject */

const ROWS = 10_000;
const LOOP = 1_000;
const floor = 'plain';
const byHand = 'event by hand';

/** @type {import('../harness/benchmark.mjs').Benchmark} */
export default {
  description:
    'The same writes in a loop inside the server, in one transaction: no client, no commit, so only what the ' +
    `triggers themselves cost. \`${byHand}\` writes a constant event row into an equal events table beside each ` +
    'row: what no capture can be cheaper than.',
  measure: async (run) => {
    const subjects = /** @type {const} */ ({
      [floor]: { recordedBy: 'nothing', rows: ROWS },
      'plain again': { recordedBy: 'nothing', rows: ROWS },
      [byHand]: { recordedBy: 'backstory', rows: ROWS },
      backstory: { recordedBy: 'backstory', rows: ROWS },
      'backstory, context': { recordedBy: 'backstory', rows: ROWS, context: requestContext },
    });
    return withSubjects(run.serverUrl, subjects, async (opened) => {
      await stopCapture(opened.find(({ name }) => name === byHand));
      const measurements = [];
      for (const { name, rounds, rows, statements } of operations) {
        run.progress(name);
        const samples = await interleave({
          variants: opened,
          rounds: run.rounds(rounds),
          random: run.random,
          turn: async (subject, round) => {
            await subject.tidy();
            const { prepare = [], measured } = statements(round, subject.name === byHand);
            for (const statement of prepare) await subject.dataSource.query(statement);
            const ms = await timed(() => subject.inContext(() => subject.dataSource.query(measured)));
            return [ms / rows];
          },
        });
        for (const [subject, times] of samples) {
          measurements.push({ operation: name, variant: subject.name, samples: times });
        }
      }
      return [comparison('Milliseconds per row, inside the server', floor, measurements)];
    });
  },
};

/** Leaves the events table behind. @param {Subject | undefined} subject */
async function stopCapture(subject) {
  await subject?.backstory?.stages.set('article', 'off');
}

/** @param {string} body */
const loop = (body) =>
  `do $$ declare changed article; begin for i in 1..${LOOP} loop ${body}; end loop; end $$`;

/**
 * An event as capture writes it, with a position that no round has used.
 * @param {string} values
 */
const insertEvent = (values) =>
  `insert into backstory.events (category, stream_id, stream_position, change, type, data, metadata) ${values}`;

/**
 * @typedef {object} Operation
 * @property {string} name
 * @property {number} rounds
 * @property {number} rows in one round
 * @property {(round: number, byHand: boolean) => { prepare?: string[], measured: string }} statements
 */

/** @type {Operation[]} */
const operations = [
  {
    name: 'INSERT of one row',
    rounds: 30,
    rows: LOOP,
    statements: (_round, hand) => ({
      measured: loop(
        `${insertArticles} from generate_series(i, i) g returning * into changed` +
          (hand
            ? `; ${insertEvent(
                `values ('article', changed.id::text, 1, 'c', 'ArticleCreated', '{"id":10001,"note":"none","price":12.50,
                 "stock":1,"title":"Article 1","active":true,"summary":"Summary of this article",
                 "createdAt":"2026-01-01T00:00:00.123456+00:00","attributes":{"size":1}}', '{}')`,
              )}`
            : ''),
      ),
    }),
  },
  {
    name: 'UPDATE of one row',
    rounds: 30,
    rows: LOOP,
    statements: (round, hand) => ({
      measured: loop(
        `update article set stock = stock + 1 where id = i` +
          (hand
            ? `; ${insertEvent(`values ('article', i::text, ${round + 2}, 'u', 'ArticleUpdated', '{"stock":1}', '{}')`)}`
            : ''),
      ),
    }),
  },
  {
    name: 'DELETE of one row',
    rounds: 30,
    rows: LOOP,
    statements: (round, hand) => ({
      prepare: [
        'create table if not exists doomed (number serial primary key, id integer)',
        'truncate doomed restart identity',
        `with written as (${insertArticles} from generate_series(1, ${LOOP}) g returning id)
         insert into doomed (id) select id from written`,
      ],
      measured: loop(
        `delete from article where id = (select id from doomed where number = i) returning * into changed` +
          (hand
            ? `; ${insertEvent(`values ('article', changed.id::text, ${round + 2}, 'd', 'ArticleDeleted', '{}', '{}')`)}`
            : ''),
      ),
    }),
  },
  {
    name: 'UPDATE of 10 000',
    rounds: 20,
    rows: ROWS,
    statements: (round, hand) => {
      const update = `update article set stock = stock + 1 where id <= ${ROWS}`;
      return {
        measured: hand
          ? `with changed as (${update} returning id, stock) ${insertEvent(
              `select 'article', id::text, ${round + 1000}, 'u', 'ArticleUpdated', jsonb_build_object('stock', stock), '{}' from changed`,
            )}`
          : update,
      };
    },
  },
];
