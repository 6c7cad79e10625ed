import { expectExactSpecimens, openSpecimens } from '../../values/specimens.js';
import type { History } from '../../values/history.js';
import { valueTypes } from '../../values/value-types.js';

/** Pairs that their type's own equality takes for the same. */
const hidden: Record<string, [string, string]> = {
  numeric: ['1.0', '1.00'],
  citext: ['Straße', 'STRAßE'],
  collated: ['ä', 'Ä'],
  double: ['-0', '0'],
  real: ['0', '-0'],
  bpchar: ['a', 'a '],
  interval: ['1 mon', '30 days'],
  intervals: ['{"1 mon"}', '{"30 days"}'],
  json: ['{"a":1, "b":2}', '{"b":2, "a":1}'],
  jsonb: ['{"a": 1.0}', '{"a": 1.00}'],
  documents: ['{"1.0"}', '{"1.00"}'],
  numerics: ['{1.0}', '{1.00}'],
  numrange: ['[1.0,2)', '[1.00,2)'],
  texts: ['{a}', '[2:2]={a}'],
  point: ['(0,0)', '(-0,0)'],
  cube: ['(0)', '(-0)'],
  xml: ['<a/>', '<a></a>'],
  composite: ['(0,)', '(-0,)'],
};

/** Values that are written as they were: no event for these. */
const same: Record<string, [string, string]> = {
  numeric: ['1.0', '1.0'],
  double: ['NaN', 'NaN'],
  jsonb: ['{"a":1,"b":2}', '{"b":2, "a":1}'],
  timetz: ['12:00:00+05', '12:00:00+05'],
  timestamptz: ['2020-01-01 05:00:00+05', '2020-01-01 00:00:00+00'],
  text: ['a', 'a'],
  char: ['a', 'a  '],
  inet: ['10.0.0.1', '10.0.0.1/32'],
  bigints: ['{1,NULL}', '{1,null}'],
};

describe('changes that a type’s equality hides', () => {
  let history: History;

  beforeAll(async () => {
    history = await openSpecimens();
  });

  afterAll(() => history.close());

  const changesOf = async (
    id: string,
    name: string,
    [before, after]: [string, string],
  ): Promise<unknown[]> => {
    const { dataSource } = history;
    await dataSource.query(`insert into specimen (id, "${name}") values ($1, $2)`, [id, before]);
    await dataSource.query(`update specimen set "${name}" = $2 where id = $1`, [id, after]);
    const events: { properties: string[] }[] = await dataSource.query(
      `select array(select json_object_keys(data)) as properties from backstory.events
       where category = 'specimen' and stream_id = $1 and change = 'u'`,
      [id],
    );
    return events.map(({ properties }) => properties);
  };

  it.each(Object.entries(hidden))('%s: an event, and an exact replay', async (name, pair) => {
    expect(await changesOf(`hidden ${name}`, name, pair)).toEqual([[name]]);
    await expectExactSpecimens(history);
  });

  it.each(Object.entries(same))('%s: no event for what is the same', async (name, pair) => {
    expect(await changesOf(`same ${name}`, name, pair)).toEqual([]);
  });

  it('no event for any type when a row is written as it is', async () => {
    const names = Object.keys(valueTypes);
    const values = names.map((name) => valueTypes[name]!.edges.at(-1));
    const { dataSource } = history;
    await dataSource.query(
      `insert into specimen (id, ${names.map((name) => `"${name}"`).join(', ')})
       values ('all', ${names.map((_, n) => `$${n + 1}`).join(', ')})`,
      values,
    );
    await dataSource.query(
      `update specimen set ${names.map((name, n) => `"${name}" = $${n + 1}`).join(', ')} where id = 'all'`,
      values,
    );
    expect((await history.backstory.history('specimen', 'all')).map(({ change }) => change)).toEqual([
      'created',
    ]);
  });
});
