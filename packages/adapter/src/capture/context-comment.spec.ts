import fc from 'fast-check';
import { contextComment } from './context-comment.js';

const insert = 'insert into "order" values ($1)';

describe('the comment that carries the context', () => {
  it('stands in front of statements that may write, and of no others', () => {
    const context = { actor: 'a' };
    const marked = [
      insert,
      ' UPDATE x set y = 1',
      'with w as (select 1) delete from x',
      'select ship_order(1)',
      'call ship()',
      'copy x from stdin',
      // deferred triggers write at the end of a transaction
      'COMMIT',
      'begin; insert into x values (1); commit',
      'select "put"(1)',
      'select "shop"."put"(1)',
    ];
    for (const statement of marked)
      expect(contextComment(statement, () => context)).toBe('/*backstory {"actor":"a"}*/ ');
    const unmarked = [
      'SELECT "Order"."id" AS "Order_id" FROM "order"',
      'SELECT DISTINCT "a"."b"',
      'SELECT COUNT(DISTINCT("a"."id"))',
      'START TRANSACTION',
      'BEGIN;',
      'SAVEPOINT s',
      'set role x',
    ];
    for (const statement of unmarked) expect(contextComment(statement, () => context)).toBe('');
  });

  it('is left out without a context', () => {
    expect(contextComment(insert, () => undefined)).toBe('');
    expect(contextComment(insert, () => ({}))).toBe('');
    expect(contextComment(insert, () => ({ actor: undefined }))).toBe('');
    expect(contextComment(insert, () => ['anna'])).toBe('');
    expect(contextComment(insert, () => new Date())).toBe('');
  });

  it('holds any value, and ends where it should', () => {
    fc.assert(
      fc.property(fc.dictionary(fc.string({ unit: 'binary' }), fc.jsonValue()), (context) => {
        const comment = contextComment(insert, () => context);
        if (comment === '') return JSON.stringify(context) === '{}';
        const inside = comment.slice('/*backstory '.length, -'*/ '.length);
        expect(inside).toMatch(/^[\x20-\x7e]*$/);
        expect(inside).not.toMatch(/[*/']/);
        expect(JSON.parse(inside)).toEqual(withoutNul(context));
        return true;
      }),
    );
  });

  it('tells text that looks like an escape from the sign itself', () => {
    const actor = 'a\\u0000 \\\\ud800 \u0000 \ud83d. 🐈';
    const comment = contextComment(insert, () => ({ actor }));
    expect(JSON.parse(comment.slice(12, -3))).toEqual({ actor: 'a\\u0000 \\\\ud800 \ufffd \ufffd. 🐈' });
  });

  it('never fails the statement', () => {
    const circular: Record<string, unknown> = {};
    circular['self'] = circular;
    expect(contextComment(insert, () => circular)).toContain('contextError');
    expect(contextComment(insert, () => ({ n: 10n }))).toBe('/*backstory {"n":"10"}*/ ');
    expect(contextComment(insert, () => ({ big: 'x'.repeat(100_000) }))).toContain('100010 characters');
    const failing = (): never => {
      throw new Error('no user */');
    };
    expect(contextComment(insert, failing)).toContain('"contextError":"Error: no user \\u002a\\u002f"');
    const failingBadly = (): never => {
      throw Object.create(null);
    };
    expect(contextComment(insert, failingBadly)).toContain('an error without a text');
  });
});

/** jsonb has no NUL. */
function withoutNul(value: unknown): unknown {
  return JSON.parse(
    JSON.stringify(value)
      .replace(/\\./g, (pair) => pair)
      .replace(/(?<!\\)((?:\\\\)*)\\u0000/g, '$1\ufffd'),
  ) as unknown;
}
