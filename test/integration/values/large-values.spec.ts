import { EntitySchema } from 'typeorm';
import { type History, openHistory } from '../../values/history.js';

interface Large {
  id: number;
  body: string | null;
  document: unknown;
  binary: Buffer | null;
}

const LargeSchema = new EntitySchema<Large>({
  name: 'Large',
  columns: {
    id: { type: 'int', primary: true },
    body: { type: 'text', nullable: true },
    document: { type: 'jsonb', nullable: true },
    binary: { type: 'bytea', nullable: true },
  },
});

const tenMegabytes = 10 * 1024 * 1024;

describe('large values', () => {
  let history: History;

  beforeAll(async () => {
    history = await openHistory({ entities: [LargeSchema] });
  });

  afterAll(() => history.close());

  it('10 MB of text, of jsonb and of bytea', async () => {
    const { dataSource, backstory } = history;
    const row: Large = {
      id: 1,
      body: '"\\\u0001ä🐈'.repeat(tenMegabytes / 9),
      document: Array.from({ length: tenMegabytes / 40 }, (_, n) => ({ n, text: `value "${n}" of many` })),
      binary: Buffer.alloc(tenMegabytes, 'backstory'),
    };
    await dataSource.manager.insert(LargeSchema, row as never);
    const body = `${row.body}!`;
    await dataSource.manager.update(LargeSchema, { id: 1 }, { body });
    await dataSource.manager.update(LargeSchema, { id: 1 }, { body });
    expect((await backstory.history('large', '1')).map(({ data }) => Object.keys(data).sort())).toEqual([
      ['binary', 'body', 'document', 'id'],
      ['body'],
    ]);
    expect((await backstory.verify()).clean).toBe(true);
    await backstory.stages.set('large', 'replay', { force: true });
    for (const loaded of [
      await dataSource.manager.findOneBy(LargeSchema, { id: 1 }),
      await backstory.load<Large>('Large', '1'),
    ]) {
      expect(loaded?.body === body).toBe(true);
      expect(JSON.stringify(loaded?.document) === JSON.stringify(row.document)).toBe(true);
      expect(loaded?.binary?.equals(row.binary!)).toBe(true);
    }
  }, 180_000);
});
