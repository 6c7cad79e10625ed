import { capturedAggregates } from './captured-aggregates.js';
import { type Database, quoteIdentifier } from './database/index.js';
import type { EntityMapping } from './mapping/index.js';
import { repairAggregate } from './verify/index.js';

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
    await repairAggregate(database, schema, mapping, { by: 'install', reason: 'the table was made again' });
    await database.execute(
      `update ${aggregates} set replayed_oid = table_oid where category = $1 and table_oid = any ($2::oid[])`,
      [category, [mapping, ...mapping.parts].map(({ table }) => table.oid)],
    );
  }
}
