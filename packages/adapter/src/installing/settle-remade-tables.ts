import { backfill } from '../backfill/index.js';
import { capturedAggregates } from '../aggregates/index.js';
import { type Database, quoteIdentifier } from '../database/index.js';
import type { EntityMapping } from '../mapping/index.js';
import { repairAggregate } from '../verify/index.js';

/**
 * A table that was dropped and made again took its rows along, and got others, without firing a trigger. Once it is captured its
 * streams are settled: those without a row end, others get the values of the row that has their key now. Until then reads
 * return rows as they are.
 */
export async function settleRemadeTables(
  database: Database,
  schema: string,
  mappings: readonly EntityMapping[],
): Promise<void> {
  const aggregates = `${quoteIdentifier(schema)}.aggregates`;
  const unsettled = await database.execute<{ category: string }>(
    `select distinct category from ${aggregates} where fingerprint is not null and table_oid <> replayed_oid`,
  );
  if (unsettled.length === 0) return;
  const known = await capturedAggregates(database, schema, mappings);
  for (const { category } of unsettled) {
    const mapping = known.find((each) => each.category === category);
    if (!mapping) continue;
    // first those that have a stream, then those that have none
    await repairAggregate(database, schema, mapping, { by: 'install', reason: 'the table was made again' });
    if (await wasBackfilled(database, schema, category)) await backfill(database, schema, mapping, {});
    await database.execute(
      `update ${aggregates} set replayed_oid = table_oid where category = $1 and table_oid = any ($2::oid[])`,
      [category, [mapping, ...mapping.parts].map(({ table }) => table.oid)],
    );
  }
}

async function wasBackfilled(database: Database, schema: string, category: string): Promise<boolean> {
  const rows = await database.execute(
    `select from ${quoteIdentifier(schema)}.backfills where category = $1 and completed_at is not null`,
    [category],
  );
  return rows.length > 0;
}
