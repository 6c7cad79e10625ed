import { asType } from './as-type.js';
import { DriverValues } from './driver-values.js';
import type { ColumnMapping, EntityMapping } from './entity-mapping.js';
import { valueKind } from './value-kind.js';

const oids: Record<string, number> = { uuid: 2950, json: 114, int2: 21 };

function column(declaredType: string, ...formerTypes: string[]): ColumnMapping {
  const name = /\."?(\w+)/.exec(declaredType)?.[1] ?? '';
  return {
    property: 'p',
    column: 'p',
    kind: valueKind({ name, type: 'b', deterministic: true }),
    typeOid: oids[name] ?? 0,
    outputFunction: `pg_catalog.${name}out`,
    sqlType: declaredType,
    number: 1,
    typeName: name,
    declaredType,
    formerTypes: formerTypes.map((type) => `pg_catalog.${type}`),
    generated: false,
    exactEquality: true,
  };
}

describe('a recorded value as the type of today', () => {
  it.each([
    ['pg_catalog.int4', 'text', ' -12 ', -12],
    ['pg_catalog.int4', 'text', '1.5', '1.5'],
    ['pg_catalog.int4', 'text', 'twelve', 'twelve'],
    ['pg_catalog.int4', 'numeric', '2.50', 3],
    ['pg_catalog.int4', 'numeric', '-2.50', -3],
    ['pg_catalog.int4', 'float8', 2.5, 2],
    ['pg_catalog.int4', 'float8', -3.5, -4],
    ['pg_catalog.int4', 'bool', true, 1],
    ['pg_catalog.int8', 'int4', 7, '7'],
    ['pg_catalog.int8', 'int4', '9223372036854775807', '9223372036854775807'],
    ['pg_catalog."numeric"(10,2)', 'numeric', '1.5', '1.50'],
    ['pg_catalog."numeric"(10,2)', 'numeric', '-1.005', '-1.01'],
    ['pg_catalog."numeric"(10,2)', 'int4', 7, '7.00'],
    ['pg_catalog."numeric"(5,-2)', 'int4', 1250, '1300'],
    ['pg_catalog."numeric"', 'text', '1.50e2', '150'],
    ['pg_catalog."numeric"', 'float8', 0.30000000000000004, '0.3'],
    ['pg_catalog."numeric"', 'text', 'nan', 'NaN'],
    ['pg_catalog."numeric"', 'text', '1,5', '1,5'],
    ['pg_catalog.float8', 'text', ' -0 ', '-0'],
    ['pg_catalog.float8', 'numeric', '0.10', 0.1],
    ['pg_catalog.float8', 'text', '1e400', '1e400'],
    ['pg_catalog.float4', 'int4', 16_777_217, 16_777_216],
    ['pg_catalog.bool', 'text', ' Y', true],
    ['pg_catalog.bool', 'text', 'of', false],
    ['pg_catalog.bool', 'text', 'o', 'o'],
    ['pg_catalog.bool', 'int4', 0, false],
    ['pg_catalog.jsonb', 'text', ' {"a":1}', { a: 1 }],
    ['pg_catalog.jsonb', 'text', '{"a":', '{"a":'],
    ['pg_catalog.jsonb', 'text', '"a"', '"a"'],
    [
      'pg_catalog.text',
      'jsonb',
      { bb: [1e21, 'é\n'], a: null },
      '{"a": null, "bb": [1000000000000000000000, "é\\n"]}',
    ],
    ['pg_catalog.text', 'float8', 1e15, '1e+15'],
    ['pg_catalog.text', 'float4', 1e6, '1e+06'],
    ['pg_catalog.text', 'int4', 1e6, '1000000'],
    ['pg_catalog.text', 'bool', false, 'false'],
    ['pg_catalog.bpchar(4)', 'text', '🐈', '🐈   '],
    ['pg_catalog."varchar"(2)', 'varchar', '🐈é!', '🐈é'],
    ['pg_catalog.uuid', 'text', '{A0EEBC999C0B4EF8BB6D6BB9BD380A11}', 'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11'],
    ['pg_catalog.uuid', 'text', 'a0eebc99-9c0b', 'a0eebc99-9c0b'],
    ['pg_catalog.date', 'timestamp', '2026-03-01T09:30:00.5', '2026-03-01'],
    ['pg_catalog.date', 'timestamp', '0044-03-15T12:00:00 BC', '0044-03-15 BC'],
    ['pg_catalog."timestamp"', 'date', '2026-03-01', '2026-03-01T00:00:00'],
    ['pg_catalog."timestamp"', 'timestamptz', '2026-03-01T09:30:00.123400+00:00', '2026-03-01T09:30:00.1234'],
    ['pg_catalog.timestamptz', 'timestamp', '2026-03-01T09:30:00', '2026-03-01T09:30:00+00:00'],
    ['pg_catalog.timestamptz', 'text', '2026-03-01 01:30:00-05:30', '2026-03-01T07:00:00+00:00'],
    ['pg_catalog.timestamptz', 'text', '0001-01-01 00:00:00+01', '0001-12-31T23:00:00+00:00 BC'],
    ['pg_catalog.timestamptz', 'text', 'next Friday', 'next Friday'],
    ['pg_catalog.timestamptz(0)', 'timestamptz', '1999-12-31T23:59:59.5+00:00', '1999-12-31T23:59:59+00:00'],
    ['pg_catalog.timestamptz(0)', 'timestamptz', '2026-12-31T23:59:59.5+00:00', '2027-01-01T00:00:00+00:00'],
    ['pg_catalog.timestamptz', 'timestamp', '-infinity', '-infinity'],
    ['public.mood', 'text', 'sad', 'sad'],
  ])('%s of %s: %p is %p', (today, former, recorded, expected) => {
    expect(asType(column(today, former), recorded)).toEqual(expected);
    // what is recorded from now on stays what it is
    expect(asType(column(today, former), expected)).toEqual(expected);
  });

  it('is what the parser makes of it, null where it is absent, and as recorded where it is none', () => {
    const mapping = { columns: [column('pg_catalog.int4', 'text')], renamed: {}, defaults: {} };
    const values = new DriverValues(mapping as unknown as EntityMapping, () => (text) => `parsed ${text}`);
    expect(values.of({ p: '7' }).get('p')).toBe('parsed 7');
    expect(values.of({ p: 'seven' }).get('p')).toBe('seven');
    expect(values.of({}).get('p')).toBeNull();
    expect(values.recordedIn({}).has('p')).toBe(false);
  });

  it('never makes a read fail where the application has a parser that does', () => {
    const mapping = { columns: [column('pg_catalog.uuid', 'text')], renamed: {}, defaults: {} };
    const fails = (): never => {
      throw new Error('no');
    };
    const values = new DriverValues(mapping as unknown as EntityMapping, () => fails);
    expect(values.of({ p: 'x' }).get('p')).toBe('x');
  });
});
