import { type Ledger, openLedger } from '../outbox/ledger.js';

/** Text that can't be compressed. */
const text = (characters: number): string =>
  `(select left(string_agg(md5(l.n::text || m), ''), ${characters}) from generate_series(1, ${Math.ceil(characters / 32)}) m)`;

describe('large events among those that somebody looks at', () => {
  let ledger: Ledger;

  beforeAll(async () => {
    ledger = await openLedger();
    await ledger.dataSource.query(
      `insert into letter select 'l' || l.n, ${text(50_000)} from generate_series(1, 6) l (n);
       insert into letter values ('small', 'a')`,
    );
  });

  afterAll(() => ledger.close());

  it('are listed with their size in place of their values, which come for one of them', async () => {
    const { events } = await ledger.backstory.admin.events();
    expect(events.map(({ streamId, bytes, values }) => [streamId, bytes !== null, values.length])).toEqual([
      ['small', false, 2],
      ...[6, 5, 4, 3, 2, 1].map((n) => [`l${n}`, true, 0]),
    ]);
    const [, large] = events;
    expect(large?.bytes).toBeGreaterThan(50_000);
    expect(large).toMatchObject({ type: 'LetterCreated', category: 'letter', problem: null });
    const event = await ledger.backstory.admin.event(large?.globalPosition ?? '');
    expect(event).toEqual({
      ...large,
      bytes: null,
      values: [
        { property: 'id', value: { json: '"l6"' } },
        {
          property: 'text',
          value: { json: expect.stringMatching(/^"[0-9a-f]{19999}$/) as string, length: 50_002 },
        },
      ],
    });
  });

  it('of one stream come in pages of a megabyte, and of one where it is larger', async () => {
    for (let n = 1; n <= 5; n++)
      await ledger.dataSource.query(
        `update letter set text = (select ${text(300_000)} from (values (${n})) l (n)) where id = 'small'`,
      );
    await ledger.dataSource.query(
      `update letter set text = (select ${text(1_500_000)} from (values (6)) l (n)) where id = 'small'`,
    );
    const pages: number[][] = [];
    for (let before: number | undefined; before !== 1;) {
      const { events } = await ledger.backstory.admin.stream('letter', 'small', before);
      expect(events.flatMap(({ changes }) => changes.map(({ property }) => property))).toContain('text');
      pages.push(events.map(({ streamPosition }) => streamPosition));
      before = events.at(-1)?.streamPosition;
    }
    expect(pages).toEqual([[7], [6, 5, 4], [3, 2, 1]]);
  });

  it('are refused at a position that has none', async () => {
    await expect(ledger.backstory.admin.event('999999')).rejects.toMatchObject({ code: 'INVALID_OPTIONS' });
    await expect(ledger.backstory.admin.event('x')).rejects.toThrow('is no position in the log');
  });
});
