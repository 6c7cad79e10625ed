import { majorVersionOfRun } from '@backstory/test/postgres';
import fc from 'fast-check';
import type { EntitySchemaColumnOptions } from 'typeorm';
import { dateText, floatText, json, text, timestampText } from './arbitrary-texts.js';

/** A column type: how PostgreSQL and TypeORM call it, edge values in PostgreSQL's text form, and more of them. */
export interface ValueType {
  readonly sql: string;
  readonly typeorm: Partial<EntitySchemaColumnOptions>;
  readonly edges: readonly string[];
  readonly random?: fc.Arbitrary<string>;
}

const type = (
  sql: string,
  typeorm: Partial<EntitySchemaColumnOptions> | EntitySchemaColumnOptions['type'],
  edges: readonly string[],
  random?: fc.Arbitrary<string>,
): ValueType => ({
  sql,
  typeorm: typeof typeorm === 'object' ? typeorm : { type: typeorm },
  edges,
  ...(random && { random }),
});

const floats = ['0', '-0', 'NaN', 'Infinity', '-Infinity', '1e15', '1e-5', '0.1', '123456'];
const moods = { enum: ['sad', 'with space', 'ok', 'Ünï"{},'] };
const numbers = { enum: [1, 2] };
const dates = [
  'infinity',
  '-infinity',
  '0044-03-15 BC',
  '0001-01-01',
  '0099-12-31',
  '2024-02-29',
  '5874897-12-31',
];
const instants = [
  ...['infinity', '-infinity', '4713-01-01 00:00:00 BC', '0044-03-15 12:00:00.000001 BC'],
  ...[
    '294276-12-31 23:59:59.999999',
    '1969-12-31 23:59:59.999999',
    '2021-03-28 02:30:00',
    '0099-01-01 00:00:00',
  ],
];
const zoned = instants.map((value) => value.replace(/( BC)?$/, '+00$1').replace('infinity+00', 'infinity'));
const decimal = fc
  .tuple(fc.bigInt({ min: -(10n ** 30n), max: 10n ** 30n }), fc.bigInt({ min: 0n, max: 10n ** 12n }))
  .map(([whole, fraction]) => `${whole}.${fraction}`);

/** They came with PostgreSQL 14. */
const multiranges: Record<string, ValueType> = {
  int4multirange: type('int4multirange', 'int4multirange', ['{}', '{[1,2),[5,9)}']),
  nummultirange: type('nummultirange', 'nummultirange', ['{[1.0,2],(3,)}']),
  tstzmultirange: type('tstzmultirange', 'tstzmultirange', ['{["2020-01-01 00:00+09",)}']),
};

/** Every type that TypeORM offers on PostgreSQL without an extension of others, and those that it only passes on. */
export const valueTypes: Record<string, ValueType> = {
  smallint: type('smallint', 'smallint', ['-32768', '32767', '0']),
  integer: type('integer', 'int', ['-2147483648', '2147483647'], fc.integer().map(String)),
  bigint: type('bigint', 'bigint', ['-9223372036854775808', '9223372036854775807', '9007199254740993']),
  numeric: type(
    'numeric',
    'numeric',
    ['1', '1.0', '1.00', 'NaN', '-0.000', '123456789012345678901234567890.123456789012345678901234567890'],
    decimal,
  ),
  decimal: type('numeric(10,2)', { type: 'decimal', precision: 10, scale: 2 }, ['0', '-99999999.99']),
  real: type('real', 'real', [...floats, '3.4028235e38', '1e-45', '1e6', '16777216'], floatText(fc.float())),
  double: type(
    'float8',
    'float8',
    [...floats, '5e-324', '1.7976931348623157e308', '1e14'],
    floatText(fc.double()),
  ),
  money: type('money', 'money', ['0', '-1.5', '92233720368547758.07', '-92233720368547758.08']),
  varchar: type('varchar(40)', { type: 'varchar', length: 40 }, ['', ' ', 'a ', 'a']),
  char: type('char(5)', { type: 'char', length: 5 }, ['', 'a', 'abcde', ' b']),
  bpchar: type('bpchar', 'char', ['a', 'a ', 'a  ', '']),
  text: type(
    'text',
    'text',
    ['', 'a', 'A', "o'clock", '\\', '/* */ -- $1 $$', 'null', '__proto__', '🐈\u200d⬛'],
    text,
  ),
  collated: type('text collate public.ignoring_case', 'text', ['ä', 'Ä', 'a', 'A', '']),
  citext: type('public.citext', 'citext', ['a', 'A', '', 'ß'], text),
  hstore: type('public.hstore', { type: 'hstore', hstoreType: 'object' }, [
    '',
    'a=>1,b=>NULL',
    '"=>"=>"\\"\\\\, "',
  ]),
  hstoreText: type('public.hstore', { type: 'hstore', hstoreType: 'string' }, ['a=>NULL', '"a b"=>"{}"']),
  bytea: type('bytea', 'bytea', ['\\x', '\\x00ff', '\\x5c275c'], fc.uint8Array().map(hex)),
  bit: type('bit(5)', { type: 'bit', length: 5 } as never, ['00000', '10101']),
  varbit: type('varbit', 'varbit', ['', '0', '111111111']),
  time: type('time', 'time', ['00:00:00', '24:00:00', '23:59:59.999999']),
  timetz: type('timetz', 'timetz', ['24:00:00+00', '12:00:00+05', '07:00:00+00', '00:00:00.000001-15:59:59']),
  timestamp: type('timestamp', 'timestamp', instants, timestampText),
  timestamptz: type('timestamptz', 'timestamptz', zoned, timestampText),
  seconds: type('timestamptz(0)', { type: 'timestamp with time zone', precision: 0 }, [
    '2024-01-01 00:00:00+00',
  ]),
  date: type('date', 'date', dates, dateText),
  interval: type('interval', 'interval', [
    '1 mon',
    '30 days',
    '720:00:00',
    '-1 year -2 mons +3 days -04:05:06.000007',
    '0',
  ]),
  boolean: type('boolean', 'boolean', ['t', 'f']),
  enum: type('public.mood', { type: 'enum', ...moods }, moods.enum),
  numberEnum: type('public.number', { type: 'enum', ...numbers }, ['1', '2']),
  enums: type('public.mood[]', { type: 'enum', array: true, ...moods }, ['{}', '{sad,ok}', '{"with space"}']),
  simpleEnum: type('public.mood', { type: 'simple-enum', ...moods }, moods.enum),
  point: type('point', 'point', ['(0,-0)', '(NaN,Infinity)', '(1e-300,0.1)']),
  line: type('line', 'line', ['{1,-1,0}', '{0.1,0,3}']),
  lseg: type('lseg', 'lseg', ['[(0,0),(-0,1e20)]']),
  box: type('box', 'box', ['(1,1),(0,0)', '(0.1,0.2),(-1,-2)']),
  path: type('path', 'path', ['[(0,0),(1,1)]', '((0,0),(1,1))']),
  polygon: type('polygon', 'polygon', ['((0,0),(1,1),(2,0))']),
  circle: type('circle', 'circle', ['<(0,0),0>', '<(0.1,-0.2),1e10>']),
  cidr: type('cidr', 'cidr', ['10.0.0.0/8', '::/0', '10.1.2.3/32']),
  inet: type('inet', 'inet', ['10.0.0.1', '10.0.0.1/32', '10.0.0.1/8', '::1', '::ffff:1.2.3.4/96']),
  macaddr: type('macaddr', 'macaddr', ['08:00:2b:01:02:03']),
  macaddr8: type('macaddr8', 'macaddr8', ['08:00:2b:01:02:03:04:05']),
  tsvector: type('tsvector', 'tsvector', ['', "'a':1A,2 'b c'", 'x']),
  tsquery: type('tsquery', 'tsquery', ["'a' & !'b' <-> 'c'", "'x y':*AB"]),
  uuid: type('uuid', 'uuid', ['00000000-0000-0000-0000-000000000000'], fc.uuid()),
  xml: type('xml', 'xml', ['', '<a b="c">&lt;</a>', 'just text']),
  json: type(
    'json',
    'json',
    ['{"a":1,"a":2}', '{"b":1, "a":2}', 'null', ' [1.0, 1e400]', '"\\u0000\\ud83d"'],
    json,
  ),
  jsonb: type(
    'jsonb',
    'jsonb',
    [
      ...[
        'null',
        '{}',
        '[]',
        '""',
        '1',
        '1.00',
        '-0.0',
        '1e400',
        '12345678901234567890.123',
        '"\\u0001\\\\u0000"',
      ],
      ...['{"__proto__":{"x":1},"constructor":null}', '{"b":1,"aa":{"10":1,"9":[null]}}', '"+00:00T"'],
      `${'['.repeat(100)}1${']'.repeat(100)}`,
    ],
    json,
  ),
  jsonpath: type('jsonpath', 'jsonpath' as never, ['$."a"[*]?(@ > 1)', 'strict $']),
  int4range: type('int4range', 'int4range', ['empty', '[1,5]', '(,)', '[1,6)']),
  int8range: type('int8range', 'int8range', ['[1,9223372036854775807)', '(,5]']),
  numrange: type('numrange', 'numrange', ['[1.0,2)', '[1.00,2)', '(,NaN]']),
  tsrange: type('tsrange', 'tsrange', ['["2020-01-01 00:00:00.000001",infinity)', 'empty']),
  tstzrange: type('tstzrange', 'tstzrange', ['["2020-01-01 00:00:00+05","2020-06-01 00:00:00+05")']),
  daterange: type('daterange', 'daterange', [
    '[2020-01-01,2020-01-31]',
    '(-infinity,)',
    '["0044-03-15 BC",)',
  ]),
  ...(majorVersionOfRun() >= 14 && multiranges),
  cube: type('public.cube', 'cube', ['(1,2,3)', '(0),(1)', '(-0)']),
  ltree: type('public.ltree', 'ltree', ['', 'Top.Science_1.A']),
  name: type('name', 'varchar', ['', 'a'.repeat(63), 'Quoted "Name"']),
  quotedChar: type('"char"', 'varchar', ['', 'a', ' ']),
  oid: type('oid', 'int', ['0', '4294967295']),
  pgLsn: type('pg_lsn', 'varchar', ['16/B374D848']),
  domainOfInteger: type('public.positive', 'int', ['1', '2147483647']),
  domainOfDomain: type('public.very_positive', 'int', ['11']),
  domainOfJson: type('public.document', 'jsonb', ['{"a":[1]}', 'null']),
  domainOfBigints: type('public.bigints', { type: 'bigint', array: true }, [
    '{}',
    '{9223372036854775807,NULL}',
  ]),
  domainOfInstant: type('public.instant', 'timestamptz', zoned.slice(4)),
  composite: type('public.pair', 'varchar', ['(,)', '(1,"2020-01-01 00:00:00+05")', '(-0,)']),
  texts: type('text[]', { type: 'text', array: true }, [
    '{}',
    '{NULL}',
    '{"NULL","",a,"\\"{},\\\\"}',
    '[2:3]={a,b}',
  ]),
  matrix: type('text[][]', { type: 'text', array: true }, ['{{a,b},{c,NULL}}', '{{{a}}}']),
  integers: type('integer[]', { type: 'int', array: true }, ['{1,NULL,-1}']),
  bigints: type('bigint[]', { type: 'bigint', array: true }, ['{9223372036854775807,NULL}', '{{1},{2}}']),
  numerics: type('numeric[]', { type: 'numeric', array: true }, ['{1.0,NaN,NULL}', '{1.00,NaN,NULL}']),
  doubles: type('float8[]', { type: 'float8', array: true }, [
    '{-0,NaN,Infinity,NULL,5e-324}',
    '{0,NaN,Infinity,NULL,5e-324}',
  ]),
  booleans: type('boolean[]', { type: 'boolean', array: true }, ['{t,f,NULL}']),
  instants: type('timestamptz[]', { type: 'timestamptz', array: true }, [
    '{"2020-01-01 00:00:00.123456+05",NULL,infinity}',
  ]),
  dates: type('date[]', { type: 'date', array: true }, ['{2020-01-01,NULL}']),
  uuids: type('uuid[]', { type: 'uuid', array: true }, ['{00000000-0000-0000-0000-000000000000}']),
  documents: type('jsonb[]', { type: 'jsonb', array: true }, [
    '{"{\\"a\\": 1}",NULL,"null"}',
    '{1.0}',
    '{1.00}',
  ]),
  binaries: type('bytea[]', { type: 'bytea', array: true }, ['{"\\\\x00ff",NULL}']),
  intervals: type('interval[]', { type: 'interval', array: true }, ['{"1 mon","30 days",NULL}']),
  inets: type('inet[]', { type: 'inet', array: true }, ['{10.0.0.1,10.0.0.0/8}']),
  ranges: type('int4range[]', { type: 'int4range', array: true }, ['{"[1,2)",empty,NULL}']),
  simpleArray: type('text', 'simple-array', ['', 'a,b', ',']),
  simpleJson: type('text', 'simple-json', ['{"a":1}', '[1, 2]'], json),
};

/** What the types above need in a database: domains, an enum, a composite type, a collation, extensions. */
export const typeDefinitions = `
  create extension citext; create extension hstore; create extension cube; create extension ltree;
  create type mood as enum ('sad', 'with space', 'ok', 'Ünï"{},');
  create type number as enum ('1', '2');
  create type pair as (a float8, b timestamptz);
  create collation ignoring_case (provider = icu, locale = 'und-u-ks-level2', deterministic = false);
  create domain positive as integer check (value > 0);
  create domain very_positive as positive check (value > 10);
  create domain document as jsonb;
  create domain bigints as bigint[];
  create domain instant as timestamptz`;

function hex(bytes: Uint8Array): string {
  return `\\x${Buffer.from(bytes).toString('hex')}`;
}
