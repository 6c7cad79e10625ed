import { contextComment } from '../capture/index.js';
import { quoteIdentifier, quoteTable, type SqlExecutor } from '../database/index.js';
import { BackstoryError } from '../errors.js';
import { streamName } from '../event/index.js';
import { type PartMapping, rowIdSql, rowsByIdSql, streamIdSql } from '../mapping/index.js';
import { stateValueSql } from '../verify/index.js';
import type { Bookkeeping } from './bookkeeping.js';
import { recordsSql } from './version-states.js';

/** Which parts, and what they were. */
interface LostParts {
  readonly ids: readonly string[];
  readonly records: string;
  readonly metadata: object;
}

/**
 * Writes parts that an aggregate has lost and whose rows are there, of nobody by now, such as after ON DELETE SET NULL.
 * @returns their ids
 * @throws BackstoryError RESTORE_REFUSED for one that is a part of another by now
 */
export async function takeBackParts(
  sql: SqlExecutor,
  mapping: PartMapping,
  bookkeeping: Bookkeeping,
  { ids, records, metadata }: LostParts,
): Promise<ReadonlySet<string>> {
  const rows = await sql.execute<{ id: string; stream: string | null }>(
    `select ${rowIdSql(mapping, 't')} as id, ${streamIdSql(mapping, 't')} as stream from ${quoteTable(mapping.table)} t
     where ${rowsByIdSql(mapping, 't', '$1')}`,
    [ids],
  );
  const { path, root } = mapping.part;
  const [others] = rows.filter(({ stream }) => stream !== null);
  if (others) {
    throw new BackstoryError(
      'RESTORE_REFUSED',
      `${path}[${others.id}] is a part of "${streamName(root.knownAs, others.stream ?? '')}" by now.`,
      'Give it back in the application first, or restore a version without it.',
    );
  }
  if (rows.length === 0) return new Set();
  const settable = mapping.columns.filter((column) => !column.generated && !mapping.key.includes(column));
  const values = settable.map((column) => {
    const name = quoteIdentifier(column.column);
    return `${name} = ${bookkeeping.goingOn(column, `t.${name}`) ?? stateValueSql(column)}`;
  });
  const statement = `update ${quoteTable(mapping.table)} t set ${values.join(', ')} from ${recordsSql('$2')}
    where ${rowsByIdSql(mapping, 't', '$1')} and ${rowIdSql(mapping, 't')} = s.row_id`;
  const found = rows.map(({ id }) => id);
  await sql.execute(contextComment(statement, () => metadata) + statement, [found, records]);
  return new Set(found);
}
