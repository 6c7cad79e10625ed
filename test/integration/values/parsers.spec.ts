import { types } from 'pg';
import { EntitySchema } from 'typeorm';
import { expectExactReplay, type History, openHistory } from '../../values/history.js';

interface Parsed {
  id: unknown;
  at: unknown;
  day: unknown;
  amount: unknown;
  ratio: unknown;
  document: unknown;
  flag: unknown;
}

const ParsedSchema = new EntitySchema<Parsed>({
  name: 'Parsed',
  columns: {
    id: { type: 'bigint', primary: true },
    at: { type: 'timestamptz', nullable: true },
    day: { type: 'date', nullable: true },
    amount: { type: 'numeric', nullable: true },
    ratio: { type: 'float8', nullable: true },
    document: { type: 'jsonb', nullable: true },
    flag: { type: 'boolean', nullable: true },
  },
});

const asText = (text: string): unknown => text;

class Money {
  constructor(readonly text: string) {}
}

const parserSets: Record<string, Record<number, (text: string) => unknown>> = {
  'everything as text': Object.fromEntries([20, 1184, 1082, 1700, 701, 16].map((oid) => [oid, asText])),
  'numbers, and objects of their own': {
    20: Number,
    1700: (text) => new Money(text),
    1184: (text) => ({ instant: text }),
    701: (text) => `≈${text}`,
  },
  'big integers and revived JSON': {
    20: BigInt,
    3802: (text) =>
      JSON.parse(text, (_, value: unknown) =>
        typeof value === 'string' && /^\d{4}-/.test(value) ? new Date(value) : value,
      ) as unknown,
  },
};

describe('parsers that the application has set', () => {
  const defaults = new Map<number, (text: string) => unknown>();
  let history: History;

  beforeEach(async () => {
    history = await openHistory({ entities: [ParsedSchema] });
  });

  afterEach(async () => {
    for (const [oid, parser] of defaults) types.setTypeParser(oid, parser);
    defaults.clear();
    await history.close();
  });

  it.each(Object.keys(parserSets))('%s: in effect for replay as for rows', async (name) => {
    for (const [oid, parser] of Object.entries(parserSets[name]!)) {
      defaults.set(Number(oid), types.getTypeParser(Number(oid)) as (text: string) => unknown);
      types.setTypeParser(Number(oid), parser);
    }
    await history.dataSource.query(
      `insert into parsed values
         (1, '2024-01-01 00:00:00.123456+00', '2024-02-29', 1.10, 1e20, '{"at":"2024-01-01T00:00:00Z","n":1.5}', true),
         (9007199254740991, 'infinity', '0044-03-15 BC', 'NaN', '-0', '["2024-01-01",null]', false),
         (-1, '0044-03-15 00:00:00+00 BC', 'infinity', 1e30, 1e-5, '"2024-01-01"', null),
         (0, null, null, null, null, 'null', null)`,
    );
    await expectExactReplay(
      history,
      ParsedSchema,
      'update parsed set at = null, day = null, amount = null, ratio = null, document = null, flag = null',
    );
  });

  it('doesn’t take an id that the parser has rounded for the row of another', async () => {
    defaults.set(20, types.getTypeParser(20) as (text: string) => unknown);
    types.setTypeParser(20, Number);
    await history.dataSource.query(
      `insert into parsed (id, amount) values (9007199254740992, 1), (9007199254740993, 2)`,
    );
    await history.backstory.stages.set('parsed', 'replay', { force: true });
    const other = await history.dataSource.manager.findOneBy(ParsedSchema, { id: '9007199254740993' });
    expect(other?.amount).toBe('2');
  });
});
