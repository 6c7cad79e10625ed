import { quoteTable, type SqlExecutor } from '../../database/index.js';
import { readSealStatus, readSealWriters } from '../../seals/index.js';
import type { Finding } from '../finding.js';

/** Whether the log is sealed as far as it should be. Nothing where seals are not used. */
export async function sealFindings(sql: SqlExecutor, schema: string): Promise<Finding[]> {
  const sealed = await readSealStatus(sql, schema);
  if (!sealed) return [];
  const writers = await readSealWriters(sql, schema);
  const findings: Finding[] = writers.map((role) => ({
    severity: 'hint',
    problem: `${role} has rights on the tables of seals, which belong to their owner alone`,
    remedy: `REVOKE ALL ON ${quoteTable({ schema, name: 'seal_blocks' })}, ${quoteTable({ schema, name: 'event_commitments' })} FROM ${role};`,
  }));
  const age = Date.now() - Date.parse(sealed.at);
  if (BigInt(sealed.newest) > BigInt(sealed.to) && age > 86_400_000) {
    findings.push({
      severity: 'hint',
      problem: `the log is sealed up to position ${sealed.to}, of ${sealed.at}; the newest event is at ${sealed.newest}`,
      remedy: 'Run npx backstory seal, such as by cron, or backstory.seals.run().',
    });
  }
  if (sealed.unpublished > 0) {
    findings.push({
      severity: 'hint',
      problem: `the digests of ${sealed.unpublished} blocks were not written outside of the database`,
      remedy: 'npx backstory seal --digest <file>',
    });
  }
  return findings;
}
