import type { DataSource } from 'typeorm';

export interface AddedLatency {
  readonly plainMs: number;
  readonly capturedMs: number;
}

/**
 * Medians of the same single-row update, in autocommit and under the shop's traffic: of an order, and of its copy
 * in a table that nobody captures. The two take turns, so that both see the same weather.
 */
export async function addedLatency(dataSource: DataSource, rounds = 300): Promise<AddedLatency> {
  await dataSource.query(
    `CREATE TABLE plain_order (LIKE "order" INCLUDING ALL);
     INSERT INTO plain_order SELECT * FROM "order" ORDER BY id LIMIT 1000`,
  );
  const times = { plain: [] as number[], captured: [] as number[] };
  const time = async (kind: keyof typeof times, table: string, round: number): Promise<void> => {
    const startedAt = performance.now();
    await dataSource.query(`UPDATE ${table} SET note = $1 WHERE id = $2`, [
      `measured ${round}`,
      1 + (round % 50),
    ]);
    times[kind].push(performance.now() - startedAt);
  };
  for (let round = 0; round < rounds; round++) {
    await time('plain', 'plain_order', round);
    await time('captured', '"order"', round);
  }
  await dataSource.query(`DROP TABLE plain_order`);
  return { plainMs: median(times.plain), capturedMs: median(times.captured) };
}

function median(values: number[]): number {
  return values.sort((one, other) => one - other)[values.length >> 1] ?? 0;
}
