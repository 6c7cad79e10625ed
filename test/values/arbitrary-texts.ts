import fc from 'fast-check';

/** Any string that PostgreSQL takes: every character but NUL, and no half of a surrogate pair. */
export const text: fc.Arbitrary<string> = fc
  .string({ unit: 'binary', maxLength: 30 })
  .map((value) => value.replaceAll('\0', ''));

export const floatText = (numbers: fc.Arbitrary<number>): fc.Arbitrary<string> =>
  numbers.map((value) => (Object.is(value, -0) ? '-0' : String(value)));

/** JSON that jsonb takes, too, in two spacings. */
export const json: fc.Arbitrary<string> = fc
  .tuple(fc.jsonValue({ maxDepth: 4, stringUnit: 'grapheme' }), fc.constantFrom(0, 2))
  .map(([value, indent]) => JSON.stringify(value, null, indent));

const moment = fc.date({
  min: new Date(-62_135_596_800_000),
  max: new Date(253_402_300_799_999),
  noInvalidDate: true,
});

export const dateText: fc.Arbitrary<string> = moment.map((value) => value.toISOString().slice(0, 10));

export const timestampText: fc.Arbitrary<string> = fc
  .tuple(moment, fc.integer({ min: 0, max: 999 }))
  .map(([value, micros]) => value.toISOString().replace('Z', `${String(micros).padStart(3, '0')}+00`));
