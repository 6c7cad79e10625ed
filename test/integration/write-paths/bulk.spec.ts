import { Client } from 'pg';
import { Item } from './entities.js';
import { expectNoDrift, type Ground, openGround } from './ground.js';

const count = 100_000;
const mebibyte = 1024 * 1024;

/**
 * The most memory that the server process of this connection has ever held, shared buffers included.
 * A row is more than a kilobyte: 100 000 of them held in memory would exceed the bound.
 */
async function peakMemory(client: Client): Promise<number> {
  const { rows } = await client.query(
    `select substring(pg_read_file('/proc/self/status') from 'VmHWM:\\s+(\\d+) kB') as kibibytes`,
  );
  return Number(rows[0].kibibytes) * 1024;
}

/** Two cores may be shared with others: a minute is not always enough. */
jest.setTimeout(300_000);

describe('one statement that writes 100 000 rows', () => {
  let ground: Ground;
  let bound: number;
  beforeAll(async () => {
    ground = await openGround([Item]);
    const [settings] = await ground.dataSource.query(
      `select pg_size_bytes(current_setting('shared_buffers')) as shared`,
    );
    bound = Number(settings.shared) + 100 * mebibyte;
  });
  afterAll(() => ground.close());

  /** Runs `statement` in a server process of its own. */
  async function writeAlone(statement: string): Promise<{ rows: number | null; memory: number }> {
    const client = new Client({ connectionString: ground.url });
    await client.connect();
    try {
      // the compiler, where the server has one, takes 80 MB, however few the rows
      await client.query(`set jit = off`);
      const { rowCount } = await client.query(statement);
      return { rows: rowCount, memory: await peakMemory(client) };
    } finally {
      await client.end();
    }
  }

  // in this order: each goes on with the rows of the one before
  it.each([
    [
      'INSERT … SELECT',
      `insert into item (code, name, note) select 'c' || n, repeat('name ', 20), repeat('x', 1000) from generate_series(1, ${count}) n`,
      1,
      'c',
    ],
    ['UPDATE', `update item set name = name || '!', amount = id`, 2, 'u'],
    ['UPDATE of all keys', `update item set id = id + ${10 * count}`, 3, 'd'],
    ['DELETE', `delete from item`, 2, 'd'],
  ])(
    '%s: in bounded memory, an event for every row, no drift',
    async (_name, statement, position, change) => {
      const { rows, memory } = await writeAlone(statement);
      expect(rows).toBe(count);
      expect(memory).toBeLessThan(bound);
      const [written] = await ground.dataSource.query(
        `select count(*)::int as events from backstory.events where category = 'item' and stream_position = $1 and change = $2`,
        [position, change],
      );
      expect(written.events).toBe(count);
      expect((await ground.backstory.verify()).aggregates).toMatchObject([{ drifted: 0, drift: [] }]);
    },
  );

  it('TRUNCATE: likewise', async () => {
    await ground.reset();
    await writeAlone(
      `insert into item (code, name, note) select 'c' || n, 'N', repeat('x', 1000) from generate_series(1, ${count}) n`,
    );
    expect((await writeAlone(`truncate item`)).memory).toBeLessThan(bound);
    const [written] = await ground.dataSource.query(
      `select count(*)::int as events from backstory.events where category = 'item' and change = 'd'`,
    );
    expect(written.events).toBe(count);
    expect((await ground.backstory.verify()).aggregates).toMatchObject([{ rows: 0, streams: 0, drifted: 0 }]);
    await expectNoDrift(ground);
  });
});
