import { runInContext } from '@backstory/adapter';
import { Note, type Notes, openNotes } from './notes.js';

describe('what is recorded of a failure', () => {
  let notes: Notes;

  beforeEach(async () => {
    notes = await openNotes('record');
  });

  afterEach(() => notes.close());

  /** Nothing is lost but the steps between: what is there now is appended, and proven. */
  async function expectMended(): Promise<void> {
    await notes.mendCapture();
    await notes.backstory.repair();
    expect(await notes.backstory.verify()).toMatchObject({ clean: true, aggregates: [{ drifted: 0 }] });
    expect((await notes.failures()).every(({ settled }) => settled)).toBe(true);
  }

  it.each([
    [`insert into note values (3, 'c'), (4, 'd')`, 'INSERT', '2', ['3', '4']],
    [
      `insert into note values (3, 'c') on conflict (id) do update set body = excluded.body`,
      'INSERT',
      '1',
      ['3'],
    ],
    [`update note set body = 'x'`, 'UPDATE', '2', ['1', '2']],
    [`update note set id = 5 where id = 1`, 'UPDATE', '1', ['1', '5']],
    [`delete from note where id = 2`, 'DELETE', '1', ['2']],
    [`truncate note`, 'TRUNCATE', '2', ['1', '2']],
  ])('%s', async (statement, operation, rows, streams) => {
    await notes.breakCapture();
    await notes.query(statement);
    expect(await notes.failures()).toMatchObject([{ operation, rows, streams, table_name: 'public.note' }]);
    await expectMended();
  });

  it('an upsert that inserts and updates: both', async () => {
    await notes.breakCapture();
    await notes.query(
      `insert into note values (1, 'x'), (3, 'c') on conflict (id) do update set body = excluded.body`,
    );
    expect(await notes.bodies()).toEqual(['1 x', '2 b', '3 c']);
    expect((await notes.failures()).map(({ operation, streams }) => [operation, streams])).toEqual(
      expect.arrayContaining([
        ['INSERT', ['3']],
        ['UPDATE', ['1']],
      ]),
    );
    await expectMended();
  });

  it('of many rows the first hundred streams', async () => {
    await notes.breakCapture();
    await notes.query(`insert into note select n, 'n' from generate_series(10, 1009) n`);
    const [failure] = await notes.failures();
    expect(failure).toMatchObject({ rows: '1000' });
    expect(failure?.streams).toHaveLength(100);
    await expectMended();
  });

  it('where a migration has renamed a column and changed the type of the key meanwhile', async () => {
    await notes.query('alter table note rename column body to text');
    await notes.breakCapture();
    await notes.query(`alter table note alter id type bigint`);
    await notes.query(`update note set text = 'x' where id = 1`);
    expect(await notes.failures()).toMatchObject([{ rows: '1' }]);
    await notes.query('alter table note rename column text to body');
    await notes.backstory.install();
    await expectMended();
  });

  it('of a table whose rows are captured one by one, each', async () => {
    await notes.query(`create function again() returns trigger language plpgsql as $$ begin
        if pg_trigger_depth() < 2 then update note set body = body || '!' where id = new.id; end if; return null; end $$;
      create trigger again after update on note for each row execute function again()`);
    await notes.backstory.install();
    await notes.breakCapture();
    await notes.query(`update note set body = 'x'`);
    expect(await notes.bodies()).toEqual(['1 x!', '2 x!']);
    expect(await notes.failures()).toHaveLength(4);
    expect((await notes.failures())[0]).toMatchObject({ rows: '1', streams: ['1'] });
    await expectMended();
  });

  it('who it was', async () => {
    await notes.breakCapture();
    const update = (): Promise<unknown> =>
      notes.dataSource.getRepository(Note).update({ id: 1 }, { body: 'x' });
    await runInContext({ actor: 'anna', correlationId: 'c1' }, update);
    expect(await notes.failures()).toMatchObject([{ context: { actor: 'anna', correlationId: 'c1' } }]);
  });

  it('what a savepoint takes back has not failed, and the rest of the transaction goes on', async () => {
    await notes.dataSource.transaction(async (manager) => {
      await manager.query(`insert into note values (3, 'c')`);
      await notes.query(
        `create function broken() returns trigger language plpgsql as $$ begin raise exception 'no'; end $$`,
      );
      await manager.query('savepoint s');
      await manager.query(
        'create trigger broken before insert on backstory.events for each row execute function broken()',
      );
      await manager.query(`update note set body = 'x' where id = 1`);
      expect(await manager.query('select from backstory.capture_failures')).toHaveLength(1);
      await manager.query('rollback to savepoint s');
      await manager.query(`update note set body = 'y' where id = 2`);
    });
    expect(await notes.bodies()).toEqual(['1 a', '2 y', '3 c']);
    expect(await notes.failures()).toEqual([]);
    expect(await notes.backstory.verify()).toMatchObject({ clean: true });
  });

  it('what was written of the statement before it failed is taken back', async () => {
    await notes.query(`create function broken() returns trigger language plpgsql as $$ begin
        if new.stream_id = '2' then raise exception 'no'; end if; return new; end $$;
      create trigger broken before insert on backstory.events for each row execute function broken()`);
    await notes.query(`update note set body = 'x'`);
    expect(await notes.query(`select from backstory.events where type = 'NoteUpdated'`)).toEqual([]);
    await expectMended();
  });

  it('the history goes on from what is there, and says nothing of what it has not seen', async () => {
    await notes.breakCapture();
    await notes.query(`insert into note values (3, 'c')`);
    await notes.query(`update note set body = 'x' where id = 1`);
    await notes.mendCapture();
    await notes.query(`update note set body = 'd' where id = 3`);
    await notes.query(`delete from note where id = 1`);
    expect((await notes.backstory.history(Note, '3')).map(({ type }) => type)).toEqual([
      'NoteCreated',
      'NoteUpdated',
    ]);
    expect(await notes.backstory.verify()).toMatchObject({ clean: true });
    expect((await notes.failures()).every(({ settled }) => settled)).toBe(true);
  });

  it('in each isolation level', async () => {
    await notes.breakCapture();
    for (const level of ['REPEATABLE READ', 'SERIALIZABLE'] as const)
      await notes.dataSource.transaction(level, (manager) =>
        manager.query(`update note set body = $1 where id = 1`, [level]),
      );
    expect(await notes.bodies()).toEqual(['1 SERIALIZABLE', '2 b']);
    expect(await notes.failures()).toHaveLength(2);
    await expectMended();
  });

  it('a value that is erased goes from what the failure says', async () => {
    await notes.query(`update note set body = 'secret name' where id = 1`);
    await notes.query(`create function broken() returns trigger language plpgsql as $$ begin
        raise exception 'can not take %', new.data; end $$;
      create trigger broken before insert on backstory.events for each row execute function broken()`);
    await notes.query(`update note set body = 'secret name 2' where id = 1`);
    await notes.query('drop trigger broken on backstory.events');
    await notes.query(`update note set body = 'b' where id = 1`);
    expect(await notes.failures()).toMatchObject([
      { message: expect.stringContaining('secret name') as string },
    ]);
    await notes.backstory.erasure.erase('note', '1', { properties: ['body'] });
    expect(await notes.failures()).toMatchObject([{ message: 'erased' }]);
  });
});
