import { aggregate, type AggregateOptions, createBackstory, withEvent } from '@backstory/adapter';
import { EntitySchema } from 'typeorm';
import { evolveOrder, openShop, Order, Repriced } from '../commands/shop.js';
import { openLibrary } from '../../library/open-library.js';
import { Note, type Notes, openNotes } from './notes.js';

describe('with "record", what is no failure of capture fails as ever', () => {
  let notes: Notes;

  beforeEach(async () => {
    notes = await openNotes('record');
  });

  afterEach(() => notes.close());

  it.each(['40001', '40P01', '53100', '53200', '55P03', '57014', '57P03', '58030', 'XX001', '25006'])(
    'SQLSTATE %s',
    async (code) => {
      await notes.breakCapture(code);
      await expect(notes.query(`update note set body = 'x'`)).rejects.toMatchObject({
        code,
        message: 'somebody broke it',
        where: expect.stringContaining('capture_note_update') as string,
      });
      await notes.mendCapture();
      expect(await notes.bodies()).toEqual(['1 a', '2 b']);
      expect(await notes.failures()).toEqual([]);
    },
  );

  it.each(['22P02', '23514', '42P01', '54000', 'P0001'])('but not SQLSTATE %s', async (code) => {
    await notes.breakCapture(code);
    await notes.query(`update note set body = 'x'`);
    expect(await notes.failures()).toMatchObject([
      { sqlstate: code, message: 'somebody broke it', rows: '2', streams: ['1', '2'] },
    ]);
  });

  it('a lock that is not had in time, and a statement that takes too long', async () => {
    const { dataSource } = notes;
    await notes.query(`create table busy ();
      create function waits() returns trigger language plpgsql as $$ begin lock table public.busy; return new; end $$;
      create trigger waits before insert on backstory.events for each row execute function waits()`);
    const other = dataSource.createQueryRunner();
    await other.startTransaction();
    await other.query('lock table busy');
    for (const [setting, code] of [
      [`lock_timeout = '50ms'`, '55P03'],
      [`statement_timeout = '200ms'`, '57014'],
    ] as const) {
      await expect(
        dataSource.transaction(async (manager) => {
          await manager.query(`set local ${setting}`);
          await manager.query(`update note set body = 'x'`);
        }),
      ).rejects.toMatchObject({ code });
    }
    await other.rollbackTransaction();
    await other.release();
    expect(await notes.bodies()).toEqual(['1 a', '2 b']);
    expect(await notes.failures()).toEqual([]);
  });

  it('a conflict of two transactions', async () => {
    const { dataSource } = notes;
    await expect(
      dataSource.transaction('REPEATABLE READ', async (manager) => {
        await manager.query('select from note');
        await notes.query(`update note set body = 'y' where id = 1`);
        await manager.query(`update note set body = 'x' where id = 1`);
      }),
    ).rejects.toMatchObject({ code: '40001' });
    expect(await notes.bodies()).toEqual(['1 y', '2 b']);
    expect(await notes.failures()).toEqual([]);
  });

  it("the application's own errors", async () => {
    await notes.query(`alter table note add constraint short check (length(body) < 5);
      create table page (note int primary key references note);
      insert into page values (2);
      create function no() returns trigger language plpgsql as $$ begin
        if new.body = 'no' then raise exception 'never' using errcode = 'AP001'; end if; return null; end $$;
      create trigger no after update on note for each row execute function no()`);
    for (const [statement, code] of [
      [`insert into note values (1, 'z')`, '23505'],
      [`update note set body = 'too long'`, '23514'],
      [`update note set body = 'no'`, 'AP001'],
      ['delete from note where id = 2', '23503'],
      ['update note set body = (1 / (id - id))::text', '22012'],
    ] as const)
      await expect(notes.query(statement)).rejects.toMatchObject({ code });
    expect(await notes.failures()).toEqual([]);
    expect(await notes.backstory.verify()).toMatchObject({ clean: true });
  });

  it('what the application has said of its change, which no repair could bring back', async () => {
    await notes.breakCapture();
    const save = (): Promise<unknown> => notes.dataSource.getRepository(Note).update(1, { body: 'x' });
    await expect(
      withEvent('NoteSigned', { aggregate: 'Note', data: { by: 'anna' } }, save),
    ).rejects.toMatchObject({ code: 'P0001' });
    await save();
    await notes.mendCapture();
    expect(await notes.failures()).toHaveLength(1);
  });

  it('an append, and deletions without events: what tells of them must be there', async () => {
    await notes.breakCapture();
    await expect(
      notes.dataSource.transaction((manager) =>
        notes.backstory.append(manager, Note, 1, { type: 'NoteRead' }),
      ),
    ).rejects.toMatchObject({ code: 'P0001' });
    await expect(
      notes.backstory.untracked(Note, { reason: 'purge' }, (manager) => manager.query('delete from note')),
    ).rejects.toMatchObject({ code: 'P0001' });
    await expect(
      notes.backstory.untracked(Note, { reason: 'purge' }, (manager) =>
        manager.query(`insert into note values (3, 'c')`),
      ),
    ).rejects.toMatchObject({ code: 'UNTRACKED_REFUSED' });
    expect(await notes.bodies()).toEqual(['1 a', '2 b']);
    expect(await notes.failures()).toEqual([]);
  });

  it('once reads are replayed, and again not once they are rows', async () => {
    const { backstory } = notes;
    await backstory.stages.set('note', 'shadow');
    await notes.breakCapture();
    await notes.query(`update note set body = 'x' where id = 1`);
    await notes.mendCapture();
    await backstory.repair();
    await backstory.verify();
    await backstory.stages.set('note', 'replay', { force: true });
    await notes.breakCapture();
    await expect(notes.query(`update note set body = 'y' where id = 1`)).rejects.toMatchObject({
      code: 'P0001',
    });
    await backstory.stages.set('note', 'events', { force: true });
    await expect(notes.query(`update note set body = 'y' where id = 1`)).rejects.toMatchObject({
      code: 'P0001',
    });
    await backstory.stages.set('note', 'capture');
    await notes.query(`update note set body = 'z' where id = 1`);
    expect(await notes.failures()).toHaveLength(2);
  });

  it('where not even the failure can be noted', async () => {
    await notes.breakCapture();
    await notes.query('alter table backstory.capture_failures rename to away');
    await expect(notes.query(`update note set body = 'y' where id = 1`)).rejects.toMatchObject({
      code: '42P01',
    });
    await notes.query('alter table backstory.away rename to capture_failures');
    expect(await notes.bodies()).toEqual(['1 a', '2 b']);
  });
});

it('events of a command fail the command, and a residual that is refused is refused', async () => {
  const shop = await openShop({
    options: {
      aggregates: [aggregate(Order, { evolve: evolveOrder, category: 'order', whenCaptureFails: 'record' })],
    },
  });
  const { backstory, dataSource } = shop;
  await backstory.backfill();
  await dataSource.query(`create function broken() returns trigger language plpgsql as $$ begin raise exception 'no'; end $$;
    create trigger broken before insert on backstory.events for each row execute function broken()`);
  for (const event of [{ type: 'ReminderSent' }, new Repriced(7)])
    await expect(backstory.handle(Order, 1, () => event)).rejects.toMatchObject({ code: 'P0001' });
  await dataSource.query('drop trigger broken on backstory.events');
  await backstory.verify();
  await backstory.stages.set('order', 'events', { force: true, residual: 'refuse' });
  await expect(dataSource.query('update orders set total = 9')).rejects.toMatchObject({
    code: '23001',
    constraint: 'backstory_residual',
  });
  expect(await dataSource.query('select from backstory.capture_failures')).toEqual([]);
  await shop.close();
});

it('says what is no policy, and refuses one that could not be kept', async () => {
  const Line = new EntitySchema<{ id: number; bill: object }>({
    name: 'Line',
    columns: { id: { type: 'int', primary: true } },
    relations: { bill: { type: 'many-to-one', target: 'Bill', inverseSide: 'lines', joinColumn: true } },
  });
  const Bill = new EntitySchema<{ id: number; lines: object[] }>({
    name: 'Bill',
    columns: { id: { type: 'int', primary: true } },
    relations: { lines: { type: 'one-to-many', target: 'Line', inverseSide: 'bill' } },
  });
  const library = await openLibrary({ entities: [Bill, Line] });
  const start = (...aggregates: object[]): Promise<unknown> =>
    createBackstory(library.dataSource, { aggregates: aggregates as AggregateOptions[] });
  const refused = (message: string) => ({
    code: 'INVALID_OPTIONS',
    message: expect.stringContaining(message) as string,
  });
  await expect(start({ entity: Bill, whenCaptureFails: 'ignore' })).rejects.toMatchObject(
    refused('whenCaptureFails: "ignore" of "Bill" is not known'),
  );
  await expect(start({ entity: Bill, whenCaptureFails: 'record', owns: ['lines'] })).rejects.toMatchObject(
    refused('"Bill" owns "lines"'),
  );
  await expect(
    start({ entity: Bill, owns: ['lines'] }, { entity: Line, whenCaptureFails: 'record' }),
  ).rejects.toMatchObject(refused('it has no "whenCaptureFails" of its own'));
  await library.close();
});
