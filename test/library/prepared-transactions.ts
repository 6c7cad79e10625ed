import type { DataSource } from 'typeorm';

/** Whether the server has prepared transactions; says so where a test has to do without. */
export async function hasPreparedTransactions(dataSource: DataSource): Promise<boolean> {
  const [{ setting }] = await dataSource.query(
    `select current_setting('max_prepared_transactions')::int as setting`,
  );
  if (setting > 0) return true;
  process.stderr.write(
    'This server has max_prepared_transactions = 0: what concerns prepared transactions is left out.\n',
  );
  return false;
}
