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
    ];
    for (const statement of marked)
      expect(contextComment(statement, context)).toBe('/*backstory {"actor":"a"}*/ ');
    const unmarked = [
      'SELECT "Order"."id" AS "Order_id" FROM "order"',
      'SELECT DISTINCT "a"."b"',
      'SELECT COUNT(DISTINCT("a"."id"))',
      'START TRANSACTION',
      'COMMIT',
      'SAVEPOINT s',
      'set role x',
    ];
    for (const statement of unmarked) expect(contextComment(statement, context)).toBe('');
  });

  it('is left out without a context', () => {
    expect(contextComment(insert, undefined)).toBe('');
    expect(contextComment(insert, {})).toBe('');
    expect(contextComment(insert, { actor: undefined })).toBe('');
  });

  it('holds any value, and ends where it should', () => {
    fc.assert(
      fc.property(fc.dictionary(fc.string({ unit: 'binary' }), fc.jsonValue()), (context) => {
        const comment = contextComment(insert, context);
        if (comment === '') return JSON.stringify(context) === '{}';
        const inside = comment.slice('/*backstory '.length, -'*/ '.length);
        expect(inside).toMatch(/^[\x20-\x7e]*$/);
        expect(inside).not.toMatch(/[*/']/);
        const readable = JSON.stringify(context).replace(/\\u0000|\\ud[89a-f][0-9a-f]{2}/gi, '\ufffd');
        expect(JSON.parse(inside)).toEqual(JSON.parse(readable));
        return true;
      }),
    );
  });
});
