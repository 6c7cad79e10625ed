import type { SqlExecutor } from '../../database/index.js';
import type { Finding } from '../finding.js';

/** Events and values don't depend on it; the times of stage changes, runs and parked events are read as the application's are. */
export async function unreadableTimes(sql: SqlExecutor): Promise<Finding[]> {
  const [session] = await sql.execute<{ style: string }>(`select current_setting('DateStyle') as style`);
  if (!session || session.style.startsWith('ISO')) return [];
  return [
    {
      severity: 'hint',
      problem: `the DateStyle of the application's sessions is "${session.style}": node-postgres, and with it TypeORM, reads no timestamp of that form`,
      remedy: `ALTER ROLE CURRENT_USER SET DateStyle = 'ISO, MDY'; or leave it out of the connection's options. Then connect again.`,
    },
  ];
}
