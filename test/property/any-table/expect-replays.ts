import type { Backstory } from '@backstory/adapter';
import { belongsSql } from './belongs-sql.js';
import type { Model, Table } from './model.js';
import { id, named } from './quoting.js';
import { allEntities, type FilledSide } from './twin-databases.js';

/** What entities are in stage replay, while the rows are spoilt behind the back of capture, is what they were in stage capture. */
export async function expectReplays(
  backstory: Backstory,
  { dataSource }: FilledSide,
  model: Model,
  entities: Record<string, unknown>,
): Promise<void> {
  for (const { category } of model.roots) await backstory.stages.set(category, 'replay', { force: true });
  const runner = dataSource.createQueryRunner();
  await runner.startTransaction();
  try {
    await runner.query('set local session_replication_role = replica');
    for (const table of model.tables) await runner.query(spoil(table));
    expect(await allEntities(runner.manager, model)).toEqual(entities);
  } finally {
    await runner.rollbackTransaction();
    await runner.release();
  }
  for (const { category } of model.roots) await backstory.stages.set(category, 'capture', { force: true });
}

function spoil(table: Table): string {
  const { columns, key, reference, softDelete } = table;
  // from which columns are computed that no event has
  const kept = columns.some(({ writable, role }) => !writable && role !== 'captured')
    ? [table.note, table.count]
    : [];
  const spoilt = columns.filter(
    (column) =>
      !kept.includes(column) &&
      column.nullable &&
      column.writable &&
      column.role === 'captured' &&
      column !== softDelete &&
      !key.includes(column) &&
      !reference?.columns.includes(column),
  );
  if (spoilt.length === 0) return 'select';
  return `update ${named(table)} t set ${spoilt.map(({ name }) => `${id(name)} = null`).join(', ')} ${belongsSql(table)}`;
}
