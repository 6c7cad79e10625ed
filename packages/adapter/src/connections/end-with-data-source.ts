import type { DataSource } from 'typeorm';

/**
 * Calls `end` before the DataSource is destroyed, by whomever: a test suite that closes its connection is no outage.
 * @returns forgets it
 */
export function endWithDataSource(dataSource: DataSource, end: () => Promise<void>): () => void {
  const destroyed: { destroy: () => Promise<void> } = dataSource;
  const destroy = destroyed.destroy.bind(dataSource);
  const ending = async (): Promise<void> => {
    await end();
    await destroy();
  };
  destroyed.destroy = ending;
  return () => {
    if (destroyed.destroy === ending) destroyed.destroy = destroy;
  };
}
