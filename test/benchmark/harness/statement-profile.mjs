import { markdownTable } from './markdown-table.mjs';

/**
 * Where the time of some work goes: its own, this process's, and that of each statement in the server, from
 * pg_stat_statements.
 * @param {import('typeorm').DataSource} dataSource
 * @param {string} title
 * @param {() => Promise<unknown>} work
 * @returns {Promise<string>}
 */
export async function statementProfile(dataSource, title, work) {
  try {
    await dataSource.query('create extension if not exists pg_stat_statements');
    await dataSource.query('select pg_stat_statements_reset()');
  } catch (error) {
    return `### ${title}\n\npg_stat_statements is not there: ${error instanceof Error ? error.message : String(error)}\n`;
  }
  const cpu = process.cpuUsage();
  const begin = performance.now();
  await work();
  const wall = performance.now() - begin;
  const { user, system } = process.cpuUsage(cpu);
  /** @type {{ calls: number, executed: number, planned: number, statement: string }[]} */
  const statements = await dataSource.query(
    `select calls::int, total_exec_time as executed, total_plan_time as planned,
       left(regexp_replace(query, '\\s+', ' ', 'g'), 90) as statement
     from pg_stat_statements where query not like '%pg_stat_statements%' and toplevel
     order by total_exec_time + total_plan_time desc limit 12`,
  );
  const rows = statements.map(({ calls, executed, planned, statement }) => [
    `${calls}`,
    executed.toFixed(1),
    planned.toFixed(1),
    statement,
  ]);
  return [
    `### ${title}`,
    '',
    `Took ${wall.toFixed(0)} ms, of which this process worked ${((user + system) / 1000).toFixed(0)} ms.`,
    '',
    markdownTable(['calls', 'executed, ms', 'planned, ms', 'statement'], rows),
    '',
  ].join('\n');
}
