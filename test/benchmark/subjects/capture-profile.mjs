import pg from 'pg';
import { insertArticles } from './article.mjs';
import { summarize } from '../harness/statistics.mjs';
import { requestContext, withSubjects } from './subject.mjs';

const ROWS = 20_000;

/** @type {Record<string, (round: number) => string>} */
const statements = {
  'insert of 1': () => `${insertArticles} from generate_series(1, 1) g`,
  'update of 1': (round) => `update article set stock = stock + 1 where id = ${1 + round}`,
  'delete of 1': (round) => `delete from article where id = ${ROWS - round}`,
  'insert of 100': () => `${insertArticles} from generate_series(1, 100) g`,
  'update of 10 000': () => `update article set stock = stock + 1 where id <= 10000`,
};

/**
 * Where the time of the triggers goes: EXPLAIN (ANALYZE, BUFFERS) in a warmed session, and the plan of the
 * statement inside the trigger, from auto_explain.
 * @param {import('../harness/benchmark.mjs').Run} run
 */
export function captureProfile(run) {
  const subjects = /** @type {const} */ ({ backstory: { recordedBy: 'backstory', rows: ROWS } });
  return withSubjects(run.serverUrl, subjects, async ([subject]) => {
    if (!subject) throw new Error('Nothing to profile.');
    const url = /** @type {{ url: string }} */ (/** @type {unknown} */ (subject.dataSource.options)).url;
    const client = new pg.Client({ connectionString: url });
    await client.connect();
    try {
      const parts = [];
      for (const name of Object.keys(statements)) {
        await subject.tidy();
        parts.push(await profile(client, name, run.rounds(name.includes('10 000') ? 10 : 300)));
      }
      return parts.join('\n');
    } finally {
      await client.end();
    }
  });
}

/**
 * @param {pg.Client} client
 * @param {string} name
 * @param {number} rounds
 */
async function profile(client, name, rounds) {
  const statement = statements[name] ?? (() => '');
  const lines = [`### ${name}, in the server, milliseconds`, ''];
  for (const comment of ['', `/*backstory ${JSON.stringify(requestContext)}*/ `]) {
    const times = [];
    for (let round = -10; round < rounds; round++) {
      times.push(
        await explained(client, comment + 'explain (analyze, format json) ' + statement(round + 10)),
      );
    }
    const [trigger, total] = [
      summarize(times.map((time) => time.trigger)),
      summarize(times.map((time) => time.total)),
    ];
    lines.push(
      `- ${comment === '' ? 'without' : 'with'} context: trigger ${trigger.median.toFixed(3)} (p25–p75 ` +
        `${trigger.p25.toFixed(3)}–${trigger.p75.toFixed(3)}) of ${total.median.toFixed(3)}, n = ${times.length}`,
    );
  }
  return [...lines, '', '```', await planInside(client, statement(rounds + 20)), '```', ''].join('\n');
}

/**
 * Rolled back, so that a deletion finds its row the next time.
 * @param {pg.Client} client
 * @param {string} statement
 */
async function explained(client, statement) {
  await client.query('begin');
  const { rows } = await client.query(statement);
  await client.query('rollback');
  /** @type {{ 'Execution Time': number, Triggers?: { Time: number }[] }} */
  const plan = rows[0]['QUERY PLAN'][0];
  return {
    total: plan['Execution Time'],
    trigger: (plan.Triggers ?? []).reduce((sum, { Time }) => sum + Time, 0),
  };
}

/**
 * @param {pg.Client} client
 * @param {string} statement
 */
async function planInside(client, statement) {
  /** @type {string[]} */
  const plans = [];
  /** @param {{ message?: string }} notice */
  const listen = ({ message = '' }) => void plans.push(message);
  client.on('notice', listen);
  try {
    await client.query(`load 'auto_explain'`);
    await client.query(
      `set auto_explain.log_min_duration = 0; set auto_explain.log_nested_statements = on;
       set auto_explain.log_analyze = on; set auto_explain.log_buffers = on; set auto_explain.log_triggers = on;
       set auto_explain.log_level = notice`,
    );
    await client.query(`begin; ${statement}`);
  } catch (error) {
    return `auto_explain is not there: ${error instanceof Error ? error.message : String(error)}`;
  } finally {
    client.off('notice', listen);
    await client.query('rollback; set auto_explain.log_min_duration = -1').catch(() => undefined);
  }
  return plans.map((plan) => plan.replace(/^Query Text:[\s\S]*?\n(?=\w.*\(cost)/m, '')).join('\n\n');
}
