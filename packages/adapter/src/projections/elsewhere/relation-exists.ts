import type { TargetDatabase, TargetSession } from './target-database.js';

/** Whether there is a table or view of that name, where names without a schema are looked for by default. */
export async function relationExists(
  session: TargetSession,
  { dialect }: Pick<TargetDatabase, 'dialect'>,
  name: string,
  schema?: string,
): Promise<boolean> {
  const here = dialect === 'postgres' ? 'current_schema()' : 'database()';
  const rows = await session.execute(
    `select 1 as found from information_schema.tables where table_schema = ${schema === undefined ? here : '?'} and table_name = ?`,
    schema === undefined ? [name] : [schema, name],
  );
  return rows.length > 0;
}
