import { quoteIdentifier, quoteTable, type SqlExecutor } from '../database/index.js';
import { BackstoryError } from '../errors.js';
import type { EntityMapping } from '../mapping/index.js';

interface Pair {
  readonly upperSchema: string;
  readonly upperName: string;
  readonly upperEntity: string;
  readonly lowerSchema: string;
  readonly lowerName: string;
  readonly lowerEntity: string;
}

/**
 * A table has one set of triggers, which belong to one aggregate. So a partitioned table and one of its partitions, or a table and one
 * that inherits from it, can't both be captured: the rows of the lower one are rows of the upper, too. Looks at what is to be captured
 * and at what others have had captured.
 * @throws BackstoryError NOT_CAPTURABLE that names both
 */
export async function requireOwnRows(
  sql: SqlExecutor,
  schema: string,
  mappings: readonly EntityMapping[],
): Promise<void> {
  const name = quoteIdentifier(schema);
  const own = mappings
    .flatMap((root) => [root, ...root.parts])
    .map(({ category, entity, initialStage, table: { oid } }) => ({ category, entity, initialStage, oid }));
  const [pair] = await sql.execute<Pair>(
    `with recursive own as (
       select m.oid, m.category, m.entity from jsonb_to_recordset($1::jsonb) as m (category text, entity text, "initialStage" text, oid oid)
       left join ${name}.stages s on s.category = m.category where coalesce(s.stage, m."initialStage") <> 'off'),
     known as (
       select oid, entity from own
       union select a.table_oid, a.entity from ${name}.aggregates a
       where a.fingerprint is not null and a.table_oid not in (select oid from own) and a.category not in (select category from own)),
     beneath as (
       select k.oid as upper, i.inhrelid as lower from known k join pg_inherits i on i.inhparent = k.oid
       union select b.upper, i.inhrelid from beneath b join pg_inherits i on i.inhparent = b.lower)
     select un.nspname as "upperSchema", u.relname as "upperName", ku.entity as "upperEntity",
            ln.nspname as "lowerSchema", l.relname as "lowerName", kl.entity as "lowerEntity"
     from beneath b join known ku on ku.oid = b.upper join known kl on kl.oid = b.lower
     join pg_class u on u.oid = b.upper join pg_namespace un on un.oid = u.relnamespace
     join pg_class l on l.oid = b.lower join pg_namespace ln on ln.oid = l.relnamespace
     where b.upper in (select oid from own) or b.lower in (select oid from own) limit 1`,
    [JSON.stringify(own)],
  );
  if (!pair) return;
  const upper = quoteTable({ schema: pair.upperSchema, name: pair.upperName });
  const lower = quoteTable({ schema: pair.lowerSchema, name: pair.lowerName });
  throw new BackstoryError(
    'NOT_CAPTURABLE',
    `${lower} of entity "${pair.lowerEntity}" is beneath ${upper} of entity "${pair.upperEntity}": its rows are in both, and can be captured for one of them.`,
    `Leave one out: exclude: ['${pair.lowerEntity}'] or exclude: ['${pair.upperEntity}']. Where that one is captured already, move it to "off" first (npx backstory stage).`,
  );
}
