import { EntitySchema } from 'typeorm';
import { expectExactReplay, type History, openHistory } from '../../values/history.js';

const Draft = new EntitySchema({
  name: 'Draft',
  columns: {
    id: { type: 'int', primary: true },
    pair: { type: 'varchar', nullable: true },
    span: { type: 'varchar', nullable: true },
    pairOfDomain: { type: 'varchar', nullable: true },
    pairs: { type: 'varchar', nullable: true },
  },
});

describe("types of the application's own that are called as PostgreSQL's", () => {
  let history: History;

  beforeAll(async () => {
    history = await openHistory({
      entities: [Draft],
      synchronize: false,
      sql: `create schema own; create type own.text as (a numeric, b text); create type own.jsonb as range (subtype = numeric);
        create domain own.int4 as own.text;
        create table draft (id int primary key, pair own.text, span own.jsonb, "pairOfDomain" own.int4, pairs own.text[])`,
    });
  });

  afterAll(() => history.close());

  it('have their text in events, and replay', async () => {
    const { dataSource, backstory } = history;
    await dataSource.query(
      `insert into draft values (1, '(1.0,"a b")', '[1.0,2)', '(2,)', '{"(1,x)"}'), (2, '(,)', 'empty', null, null);
       update draft set pair = '(1.00,"a b")', span = '[1.00,2)' where id = 1`,
    );
    expect((await backstory.history('draft', '1')).map(({ data }) => data)).toEqual([
      { id: 1, pair: '(1.0,"a b")', span: '[1.0,2)', pairOfDomain: '(2,)', pairs: '{"(1,x)"}' },
      { pair: '(1.00,"a b")', span: '[1.00,2)' },
    ]);
    await expectExactReplay(history, Draft, 'update draft set pair = null, span = null');
  });
});
