import { existsSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import type { Finding } from '../admin/index.js';
import { quoteIdentifier, type SqlExecutor } from '../database/index.js';
import { readStages } from '../stages/index.js';

const packages = [
  '@backstory/adapter',
  '@backstory/nest-module',
  'typeorm',
  'pg',
  '@nestjs/core',
  '@nestjs/typeorm',
  'typescript',
];

/**
 * What an issue about Backstory needs, as Markdown: versions, the server, where the aggregates stand, and the findings of the doctor. Nothing of
 * rows, events, addresses or users; names of tables, columns and roles stay, as findings are about them.
 */
export async function supportReport(
  sql: SqlExecutor,
  { schema, found }: { schema: string; found: readonly Finding[] },
): Promise<string> {
  const [server] = await sql.execute<{ version: string; settings: string }>(
    `select current_setting('server_version') as version,
       format('%s, isolation %s, session replication role %s%s', current_setting('server_encoding'),
         current_setting('default_transaction_isolation'), current_setting('session_replication_role'),
         case when pg_is_in_recovery() then ', a standby' else '' end) as settings`,
  );
  return [
    'Written by `npx backstory doctor --report`. It has names of tables, columns and roles, and nothing of rows or events.',
    '### Versions',
    `- Node.js ${process.version} on ${process.platform} ${process.arch}`,
    `- PostgreSQL ${server?.version ?? 'unknown'} (${server?.settings ?? 'unknown'})`,
    ...packages.map((name) => `- ${name} ${versionOf(name)}`),
    '### Aggregates',
    ...(await aggregatesIn(sql, schema)),
    '### Findings',
    ...(found.length === 0 ? ['None.'] : found.map(inWords)),
    '',
  ].join('\n');
}

async function aggregatesIn(sql: SqlExecutor, schema: string): Promise<string[]> {
  const ledger = `${quoteIdentifier(schema)}.migrations`;
  const [there] = await sql.execute(`select where to_regclass($1) is not null`, [ledger]);
  if (!there) return ['Nothing is installed.'];
  const [installed] = await sql.execute<{ newest: number | null }>(`select max(id) as newest from ${ledger}`);
  const stages = [...(await readStages(sql, schema)).values()];
  const inEach = [...new Set(stages)].map(
    (stage) => `${stages.filter((each) => each === stage).length} in ${stage}`,
  );
  return [`Migration ${installed?.newest ?? 0}; ${inEach.join(', ') || 'no aggregates'}.`];
}

/** Of the package that the application has, where it runs: found by its folder, since not every package lets its package.json be required. */
function versionOf(name: string): string {
  const folders = createRequire(join(process.cwd(), 'package.json')).resolve.paths(name) ?? [];
  const file = folders
    .map((folder) => join(folder, name, 'package.json'))
    .find((candidate) => existsSync(candidate));
  if (file === undefined) return 'is not there';
  return (JSON.parse(readFileSync(file, 'utf8')) as { version: string }).version;
}

function inWords({ severity, aggregate, problem, remedy }: Finding): string {
  return `- ${severity}${aggregate === undefined ? '' : ` ${aggregate}`}: ${problem}\n  What to do: ${remedy}`;
}
