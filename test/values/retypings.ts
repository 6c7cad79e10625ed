import fc from 'fast-check';
import { dateText, floatText, json, text, timestampText } from './arbitrary-texts.js';

/** A change of a column's type. Values are in PostgreSQL's text form. */
export interface Retyping {
  readonly from: string;
  readonly to: string;
  /** The expression that ALTER TABLE has; `c` is the column. */
  readonly using: string;
  readonly before: fc.Arbitrary<string>;
  readonly after: fc.Arbitrary<string>;
}

const small = fc.integer({ min: -99_999, max: 99_999 }).map(String);
const integer = fc.integer().map(String);
const bigint = fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }).map(String);
const decimals = (digits: number): fc.Arbitrary<string> =>
  fc
    .tuple(fc.integer({ min: -9_999_999, max: 9_999_999 }), fc.integer({ min: 0, max: 10 ** digits - 1 }))
    .map(([whole, fraction]) => `${whole}.${String(fraction).padStart(digits, '0')}`);
const boolean = fc.constantFrom('t', 'f');
const spelled = fc.constantFrom('t', 'TRUE', ' yes ', 'y', 'on', '1', 'fal', 'f', 'N', 'off', 'of', '0');
const word = fc.stringMatching(/^[a-zé🐈]{0,12}$/u);
const upperUuid = fc
  .uuid()
  .chain((uuid) => fc.constantFrom(uuid, uuid.toUpperCase(), `{${uuid}}`, uuid.replaceAll('-', '')));
const mood = fc.constantFrom('sad', 'ok');
const double = floatText(fc.double({ noNaN: false }));
const quarter = fc.integer({ min: -4_000_000, max: 4_000_000 }).map((n) => String(n / 4));
const real = floatText(fc.float());
const document = json.filter(
  (value) => /^\s*[[{]/.test(value) && !/[.\d][eE.]|\\u0000|\d\.\d|[\d.]{15}|-0/.test(value),
);
const zoned = timestampText;
const local = timestampText.map((value) => value.replace('+00', ''));

const retyping = (
  from: string,
  to: string,
  before: fc.Arbitrary<string>,
  after: fc.Arbitrary<string>,
  using = `c::${to}`,
): Retyping => ({ from, to, using, before, after });

/** Those that are known from a value alone to the last bit, in SQL as in Node.js. */
export const retypings: readonly Retyping[] = [
  retyping('varchar', 'integer', integer, integer),
  retyping('integer', 'bigint', integer, bigint),
  retyping('bigint', 'integer', integer, integer),
  retyping('smallint', 'integer', fc.integer({ min: -32_768, max: 32_767 }).map(String), integer),
  retyping('integer', 'varchar', integer, word),
  retyping('bigint', 'text', bigint, text),
  retyping('integer', 'numeric(12,3)', small, decimals(3)),
  retyping('integer', 'numeric', integer, decimals(5)),
  retyping('numeric(10,1)', 'numeric(10,2)', decimals(1), decimals(2)),
  retyping('numeric(12,3)', 'numeric(12,1)', decimals(3), decimals(1)),
  retyping('numeric', 'integer', decimals(2), integer),
  retyping('numeric', 'bigint', decimals(2), bigint),
  retyping('varchar', 'numeric', decimals(3), decimals(2)),
  retyping('double precision', 'numeric(20,4)', quarter, decimals(4)),
  retyping('double precision', 'integer', quarter, integer),
  retyping('double precision', 'text', double, text),
  retyping('real', 'text', real, text),
  retyping('integer', 'double precision', integer, double),
  retyping('integer', 'real', integer, real),
  retyping('numeric', 'double precision', decimals(6), double),
  retyping('varchar', 'double precision', decimals(6), double),
  retyping('real', 'double precision', quarter, quarter),
  retyping('boolean', 'text', boolean, word),
  retyping('boolean', 'integer', boolean, integer),
  retyping('integer', 'boolean', fc.integer({ min: -1, max: 2 }).map(String), boolean),
  retyping('text', 'boolean', spelled, boolean),
  retyping('text', 'jsonb', document, document),
  retyping('json', 'jsonb', document, document),
  retyping('jsonb', 'text', document, text),
  retyping('jsonb', 'json', document, document),
  retyping('timestamp', 'timestamptz', local, zoned, `c at time zone 'UTC'`),
  retyping('timestamptz', 'timestamp', zoned, local, `c at time zone 'UTC'`),
  retyping('timestamptz', 'timestamptz(2)', zoned, zoned),
  retyping('timestamp', 'date', local, dateText),
  retyping('date', 'timestamp', dateText, local),
  retyping(
    'text',
    'timestamptz',
    fc.oneof(
      zoned,
      zoned.map((value) => value.replace('+00', '+05:30')),
    ),
    zoned,
  ),
  retyping('text', 'date', dateText, dateText),
  retyping('text', 'uuid', upperUuid, fc.uuid()),
  retyping(
    'varchar',
    'char(8)',
    word,
    word.map((value) => [...value].slice(0, 8).join('')),
  ),
  retyping(
    'varchar(20)',
    'varchar(5)',
    word,
    word.map((value) => [...value].slice(0, 5).join('')),
  ),
  retyping('varchar(20)', 'text', word, text),
  retyping('text', 'public.mood', mood, mood),
  retyping('public.mood', 'text', mood, word),
  retyping(
    'integer[]',
    'bigint[]',
    fc.array(fc.integer()).map((all) => `{${all.join()}}`),
    fc.array(fc.integer()).map((all) => `{${all.join()}}`),
  ),
];
