import { quoteIdentifier } from '../database/index.js';
import { captureFingerprintSql, isReadFromEvents, type StageGuard } from '../stages/index.js';

/** Nothing is read from events unless the last verify, made since capture began and of what is captured now, found nothing. */
export const verifiedClean: StageGuard = async (sql, schema, categories, to) => {
  if (!isReadFromEvents(to)) return new Map();
  const table = quoteIdentifier(schema);
  const rows = await sql.execute<Last & { category: string }>(
    `select s.category, v.drifted::float8 as drifted, v.without_event::float8 as "withoutEvent",
       v.verified_at >= s.captured_since as current, v.fingerprint = ${captureFingerprintSql(schema, 's.category')} as same
     from ${table}.verifications v join ${table}.stages s using (category) where category = any ($1::text[])`,
    [categories],
  );
  const found = new Map(rows.map((row) => [row.category, row]));
  return new Map(categories.map((category) => [category, reasonsAgainst(category, found.get(category))]));
};

interface Last {
  readonly drifted: number;
  readonly withoutEvent: number;
  readonly current: boolean | null;
  readonly same: boolean | null;
}

function reasonsAgainst(category: string, last: Last | undefined): string[] {
  const verify = `"npx backstory verify ${category}"`;
  if (!last?.current) return [`it has not been verified since capture began (run ${verify})`];
  if (!last.same)
    return [`it has been verified before the configuration or the tables changed (run ${verify})`];
  const { drifted, withoutEvent } = last;
  return [
    ...(withoutEvent > 0
      ? [
          `the last verify found ${withoutEvent} rows without a first event (run "npx backstory backfill ${category}", then ${verify})`,
        ]
      : []),
    ...(drifted > 0
      ? [
          `the last verify found ${drifted} drifted streams (run "npx backstory repair ${category}", then ${verify})`,
        ]
      : []),
  ];
}
