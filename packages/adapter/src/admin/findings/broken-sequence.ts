import type { SqlExecutor } from '../../database/index.js';
import { behindInWords, sequenceBehind } from '../../schema/index.js';
import type { Finding } from '../finding.js';

/** New events would take positions that are taken. */
export async function brokenSequence(sql: SqlExecutor, schema: string): Promise<Finding[]> {
  const behind = await sequenceBehind(sql, schema);
  return behind
    ? [{ severity: 'fault', problem: behindInWords(behind), remedy: 'npx backstory install' }]
    : [];
}
