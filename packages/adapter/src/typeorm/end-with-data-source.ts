import type { DataSource } from 'typeorm';

/**
 * Calls `end` before the DataSource is destroyed, by whomever: a test suite that closes its connection is no outage.
 * @returns forgets it
 */
export function endWithDataSource(dataSource: DataSource, end: () => Promise<void>): () => void {
  const { destroy } = dataSource;
  const ending = async function (this: DataSource): Promise<void> {
    await end();
    await destroy.call(this);
  };
  dataSource.destroy = ending;
  return () => {
    if (dataSource.destroy === ending) dataSource.destroy = destroy;
  };
}
