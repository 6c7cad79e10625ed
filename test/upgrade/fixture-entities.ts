import { EntitySchema } from 'typeorm';
import { Author, entities } from '../library/entities.js';

/** Columns of several kinds, some with names that code trips over. Every type is one of PostgreSQL 13, too. */
export const sampleSchema = new EntitySchema({
  name: 'Sample',
  columns: {
    key: { type: 'text', primary: true },
    prototype: { type: 'text', nullable: true },
    length: { type: 'int', nullable: true },
    "it's :quoted": { type: 'text', nullable: true },
    'größe 🐈': { type: 'text', nullable: true },
    data: { type: 'jsonb', nullable: true },
    document: { type: 'json', nullable: true },
    exact: { type: 'numeric', nullable: true },
    big: { type: 'bigint', nullable: true },
    double: { type: 'float8', nullable: true },
    bytes: { type: 'bytea', nullable: true },
    flag: { type: 'boolean', nullable: true },
    instant: { type: 'timestamptz', precision: 6, nullable: true },
    day: { type: 'date', nullable: true },
    time: { type: 'time', nullable: true },
    duration: { type: 'interval', nullable: true },
    address: { type: 'inet', nullable: true },
    range: { type: 'int4range', nullable: true },
    texts: { type: 'text', array: true, nullable: true },
    place: { type: 'point', nullable: true },
  } as never,
});

export const fixtureEntities = [...entities, sampleSchema];

/** What the application said of its aggregates when the events were recorded, apart from when snapshots are made. */
export const fixtureAggregates = ['all', { entity: Author, owns: ['works'] }] as const;

/** Values that are easily changed on their way. */
export const hostile = {
  key: '%3A:/* */ --',
  prototype: '__proto__',
  length: -1,
  "it's :quoted": "o'clock \\ $1 :name",
  'größe 🐈': '🐈\u200d⬛\n',
  data: JSON.parse('{"__proto__":{"x":1},"constructor":null,"1":[1e400,1.00]}') as object,
  document: [null, '+00:00T', { a: '' }],
  exact: '123456789012345678901234567890.10',
  big: '-9223372036854775808',
  double: 5e-324,
  bytes: Buffer.from([0, 92, 255]),
  flag: true,
  instant: new Date('2021-03-28T02:30:00.123Z'),
  day: '2024-02-29',
  time: '24:00:00',
  duration: '-1 year -2 mons +3 days -04:05:06.000007',
  address: '10.0.0.1/8',
  range: '[1,6)',
  texts: ['NULL', '', 'a', '"{},\\'],
  place: '(1e-300,0.1)',
};
