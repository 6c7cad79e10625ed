import type { SqlExecutor } from '../database/index.js';
import type { EntityMapping } from '../mapping/index.js';
import { hasArchivedStreams } from './archived-streams.js';
import { hasExactForm } from './checksum-sql.js';
import { compareChecksums } from './checksums.js';
import { compareInNode } from './compare-in-node.js';
import { compareInSql } from './compare-in-sql.js';
import { besideErased } from './erased-streams.js';
import type { TableComparison } from './comparison.js';
import { hasUntrackedEnds } from './untracked-ends.js';
import { refuseIds } from './refuse-ids.js';
import { everything, inBuckets, type VerifyScope } from './verify-scope.js';

/**
 * Compares one table with its streams: by their checksums, and row by row only where these differ. Run in one snapshot with
 * pinned settings.
 */
export async function findDrift(
  sql: SqlExecutor,
  schema: string,
  mapping: EntityMapping,
  scope: VerifyScope,
  limit: number,
  /** Hears after each page of streams of how many rows; not of a table that is compared in one statement. */
  onPage?: (rows: number) => void,
): Promise<TableComparison> {
  if (!mapping.foldsInSql)
    return compareInNode(sql, schema, mapping, scope, limit, onPage).catch(refuseIds(mapping, scope));
  return besideErased(sql, schema, mapping, scope, limit, (others) =>
    findInSql(sql, schema, mapping, others, limit, scope === everything),
  ).catch(refuseIds(mapping, scope));
}

/** `isWhole`: of all streams but those of which something was erased. */
async function findInSql(
  sql: SqlExecutor,
  schema: string,
  mapping: EntityMapping,
  scope: VerifyScope,
  limit: number,
  isWhole: boolean,
): Promise<TableComparison> {
  const archived = await hasArchivedStreams(sql, schema, mapping);
  const untracked = await hasUntrackedEnds(sql, schema, mapping);
  const exact = hasExactForm(mapping);
  const { rows, states, differing, faulty } = await compareChecksums(sql, schema, mapping, scope, {
    exact,
    byBucket: false,
    archived,
    untracked,
  });
  const counted = { rows, states, drifted: 0, drift: [] };
  if (differing.length === 0 && !faulty) return counted;
  const rowByRow = async (within: VerifyScope): Promise<TableComparison> => ({
    ...counted,
    ...(await compareInSql(sql, schema, mapping, within, limit)),
  });
  // buckets tell nothing of faults, and a scope of its own is small already
  if (faulty || !isWhole) return rowByRow(scope);
  const byBucket = await compareChecksums(sql, schema, mapping, scope, {
    exact: false,
    byBucket: true,
    archived,
    untracked,
  });
  return byBucket.differing.length === 0 ? counted : rowByRow(inBoth(scope, inBuckets(byBucket.differing)));
}

/** The streams of a scope without values that are in another, too. */
function inBoth(scope: VerifyScope, other: VerifyScope): VerifyScope {
  return {
    ...other,
    rows: (mapping, alias) => `${other.rows(mapping, alias)} and ${scope.rows(mapping, alias)}`,
    events: (alias) => `${other.events(alias)} and ${scope.events(alias)}`,
  };
}
