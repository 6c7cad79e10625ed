import { quoteIdentifier, type SqlExecutor } from '../../database/index.js';
import { generationName, type ProjectionDefinition } from '../projection-definition.js';

/** What the log knows of a projection that lives elsewhere. */
export interface ProjectionInLog {
  readonly live: number;
  readonly next: number | null;
  /** The same in every copy of this log, and in no other. */
  readonly logKey: string;
  /** How far it has been, as the log was told. */
  readonly furthest: string;
}

export async function projectionInLog(
  sql: SqlExecutor,
  schema: string,
  { name }: Pick<ProjectionDefinition, 'name'>,
  generation: number,
): Promise<ProjectionInLog | undefined> {
  const table = quoteIdentifier(schema);
  const [row] = await sql.execute<ProjectionInLog>(
    `select live, next, log_key::text as "logKey",
       (select coalesce(max(position), 0)::text from ${table}.consumers where name = $2) as furthest
     from ${table}.projections where name = $1`,
    [name, generationName(name, generation)],
  );
  return row;
}
