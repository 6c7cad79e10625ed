import { quoteIdentifier } from '../database/index.js';
import { type EntityMapping, streamIdSql } from '../mapping/index.js';
import { type ReplayCache, streamEndSql, streamEndsSql, streamTailSql } from '../replay/index.js';
import type { QueryShape } from './intercepting-reads.js';
import type { Alias, Select } from './row-identity.js';

/** One entity of a query whose streams are replayed. */
export interface AskingAlias {
  readonly mapping: EntityMapping;
  readonly alias: Alias;
  /** Where it stands among the query's. */
  readonly index: number;
  /** The share of the streams that is replayed. */
  readonly percent: number;
}

/** What the events of the one row of a query are called in its result. */
export const tailName = 'backstory_tail';

/** What the end of the stream of a row is called in the result, by where its entity stands in the query. */
export function endName(index: number): string {
  return `backstory_end_${index}`;
}

/**
 * What to add to a query, so that what it takes to replay its rows comes in the same round trip. Of a query for one row of one table,
 * such as findOneBy, the events. Where states are probably in memory, the ends of their streams alone, of lists and joins, too.
 * `isKept` says that TypeORM keeps the result by the query's text, which must be the same each time.
 */
export function askedStreams(
  found: readonly AskingAlias[],
  aliases: readonly Alias[],
  query: QueryShape,
  schema: string,
  cache: ReplayCache | undefined,
  isKept: boolean,
): Select[] {
  const asking = found.filter((each) => each.percent > 0 && isWhole(each.alias, query));
  if (asking.length === 0 || !isPlain(query)) return [];
  const isOfOneRow = aliases.length === 1 && (query.take === 1 || query.limit === 1);
  const [only] = asking;
  const mayBringTail = only && isOfOneRow && !only.mapping.part && only.percent >= 100;
  const selects: Select[] = [];
  const asked = new Set<EntityMapping>();
  const rootsFirst = [...asking].sort((a, b) => Number(!!a.mapping.part) - Number(!!b.mapping.part));
  for (const { mapping, alias, index } of rootsFirst) {
    const root = mapping.part?.root ?? mapping;
    const isWarm = !isKept && cache?.isWarm(root) === true;
    const id = streamIdSql(mapping, quoteIdentifier(alias.name));
    const isOfRoot = asked.has(root) && mapping.part !== undefined;
    if (mayBringTail && !isWarm)
      selects.push({ selection: streamTailSql(mapping, schema, id), aliasName: tailName });
    else if (!isWarm || isOfRoot) continue;
    asked.add(root);
    if (!cache) continue;
    const endSql = isOfOneRow ? streamEndSql : streamEndsSql;
    selects.push({ selection: endSql(root, schema, id), aliasName: endName(index) });
  }
  return selects;
}

function isWhole({ name }: Alias, { selects }: QueryShape): boolean {
  return selects.some(({ selection }) => selection === name);
}

/**
 * Not under a lock: what a query has waited for is newer than the events that it sees. Not where one more column changes what the
 * query means. And not of a later page: PostgreSQL works out the columns of the rows that it passes by, too.
 */
function isPlain(query: QueryShape): boolean {
  const { lockMode, groupBys = [], selectDistinct, selectDistinctOn = [] } = query;
  return (
    lockMode === undefined &&
    groupBys.length === 0 &&
    selectDistinct !== true &&
    selectDistinctOn.length === 0 &&
    !passesRowsBy(query)
  );
}

/** As TypeORM says it in SQL: pages of a query with joins are found by a query before. */
function passesRowsBy({ skip, offset, limit, joinAttributes = [] }: QueryShape): boolean {
  if (offset !== undefined || limit !== undefined) return (offset ?? 0) > 0;
  return joinAttributes.length === 0 && (skip ?? 0) > 0;
}
