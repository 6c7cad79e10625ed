import { quoteIdentifier, quoteTable } from '../../database/index.js';
import type { PartMapping } from '../../mapping/index.js';
import type { Finding } from '../finding.js';

/** A part is found by its foreign key: by the backfill, and when its aggregate is met for the first time. */
export function missingIndexes({ category, table, part, indexed }: PartMapping): Finding[] {
  if (part.columns.some((column) => indexed.includes(column))) return [];
  const columns = part.columns.map(quoteIdentifier).join(', ');
  return [
    {
      severity: 'hint',
      aggregate: category,
      problem: `no index of ${quoteTable(table)} begins with its foreign key ${columns}: to find the parts of an aggregate, the whole table is read`,
      remedy: `CREATE INDEX CONCURRENTLY ON ${quoteTable(table)} (${columns});`,
    },
  ];
}
