import { type Backstory } from '@backstory/adapter';
import type { DataSource } from 'typeorm';
import { type History, openHistory } from '../../values/history.js';
import { Entry, Ledger } from './ledgers.js';

const ledgers = { entity: Ledger, owns: ['entries'], exclude: ['pin'] };

describe('restoring a ledger of which every kind of column is used', () => {
  let history: History;
  let backstory: Backstory;
  let dataSource: DataSource;

  beforeEach(async () => {
    history = await openHistory({ entities: [Ledger, Entry] }, { aggregates: [ledgers] });
    ({ backstory, dataSource } = history);
  });

  afterEach(() => history.close());

  const rows = (): Promise<Record<string, unknown>[]> =>
    dataSource.query(
      `select book, page, marks, document::text, note::text, scan, sum, double, pin, version from ledger order by page`,
    );
  const write = async (): Promise<Ledger> => {
    const { manager } = dataSource;
    return manager.save(
      manager.create(Ledger, {
        book: 'a:b%',
        page: 7,
        marks: ['x', 'y z'],
        document: { deep: [1, null, 'ü'], '__proto__ ': 1 },
        note: { b: 1, a: 2 },
        scan: Buffer.from([0, 255, 10]),
        sum: '12345678901234567890.10',
        pin: 'secret',
        entries: [
          { place: 1, text: 'one' },
          { place: 2, text: 'two' },
        ],
      }),
    );
  };
  const id = 'a%3Ab%25:7';
  const clean = async (): Promise<void> => {
    const { aggregates } = await backstory.verify();
    expect(aggregates.flatMap(({ drift }) => drift)).toEqual([]);
  };

  it('brings back each value to the last digit, and leaves alone what has no history', async () => {
    await write();
    await dataSource.query(`update ledger set document = '{"n": 12345678901234567890.123, "s": 1.50}'`);
    const [before] = await rows();
    const at = (await backstory.history(Ledger, id)).at(-1)!.streamPosition;
    await dataSource.query(
      `update ledger set marks = '', document = '[]', note = null, scan = '\\x', sum = 1, pin = 'changed', version = 8`,
    );
    const report = await backstory.restore(Ledger, id, { version: at, by: 'ops', reason: 'slip' });
    expect(report.changes.map(({ property }) => property).sort()).toEqual([
      'document',
      'marks',
      'note',
      'scan',
      'sum',
    ]);
    expect(report).toMatchObject({ notTold: ['pin'], left: [], parts: [], restoredTo: at, version: at + 2 });
    const [after] = await rows();
    expect(after).toEqual({ ...before, pin: 'changed', version: 9 });
    expect((await backstory.history(Ledger, id)).at(-1)).toMatchObject({
      change: 'updated',
      type: 'LedgerUpdated',
      metadata: { origin: 'restore', restoredTo: at, actor: 'ops', reason: 'slip' },
    });
    await clean();
  });

  it('brings back what was deleted, with its parts under their ids, and numbers them on', async () => {
    await write();
    const [before] = await rows();
    const entries = await dataSource.query('select * from entry order by id');
    const [{ serial }] = await dataSource.query('select serial from ledger');
    const [{ touched }] = await dataSource.query('select touched from ledger');
    const at = (await backstory.history(Ledger, id)).at(-1)!.streamPosition;
    await dataSource.query(
      `update ledger set version = 5; update entry set version = 3 where place = 2; delete from ledger`,
    );
    expect(await dataSource.query('select * from entry')).toEqual([]);
    const dry = await backstory.restore(Ledger, id, { version: at, dryRun: true });
    expect(dry.parts.map(({ path, id: part, change }) => [path, part, change])).toEqual([
      ['entries', '1', 'added'],
      ['entries', '2', 'added'],
    ]);
    expect(dry.changes).toContainEqual({ property: 'marks', after: 'x,y z' });
    expect(await rows()).toEqual([]);
    const report = await backstory.restore(Ledger, id, { version: at });
    expect({ ...report, dryRun: true, version: dry.version }).toEqual(dry);
    const [after] = await rows();
    expect(after).toEqual({ ...before, pin: 'no pin', version: 6 });
    expect(await dataSource.query('select * from entry order by id')).toEqual([
      { ...entries[0], version: 2 },
      { ...entries[1], version: 4 },
    ]);
    const [again] = await dataSource.query('select serial, touched from ledger');
    expect(again.serial).toBe(serial);
    expect(again.touched.getTime()).toBeGreaterThan(touched.getTime());
    expect(Math.abs(again.touched.getTime() - Date.now())).toBeLessThan(60_000);
    await clean();
  });

  it('takes away parts that are younger, and swaps what must be unique where an order of writes can', async () => {
    const { entries } = await write();
    const at = (await backstory.history(Ledger, id)).at(-1)!.streamPosition;
    // entry 2 goes, and the place that it had is taken
    await dataSource.manager.delete(Entry, entries[1]!.id);
    await dataSource.query(`update entry set place = 2 where id = $1`, [entries[0]!.id]);
    await dataSource.query(
      `insert into entry (place, version, "ledgerBook", "ledgerPage") values (3, 1, 'a:b%', 7)`,
    );
    const report = await backstory.restore(Ledger, id, { version: at });
    expect(report.parts.map(({ id: part, change }) => [part, change]).sort()).toEqual([
      ['1', 'changed'],
      ['2', 'added'],
      ['3', 'removed'],
    ]);
    expect(await dataSource.query('select id, place, text from entry order by id')).toEqual([
      { id: 1, place: 1, text: 'one' },
      { id: 2, place: 2, text: 'two' },
    ]);
    await clean();
  });

  it('writes nothing where nothing differs, also when only the version has gone on', async () => {
    await write();
    const { length } = await backstory.history(Ledger, id);
    await dataSource.query('update ledger set version = version + 1');
    const report = await backstory.restore(Ledger, id, { version: length });
    expect(report).toMatchObject({ changes: [], parts: [], version: length + 1 });
    expect(await backstory.history(Ledger, id)).toHaveLength(length + 1);
  });

  it('says which identity column can not be set', async () => {
    await write();
    const { length } = await backstory.history(Ledger, id);
    await dataSource.query('update ledger set serial = default');
    await expect(backstory.restore(Ledger, id, { version: length })).rejects.toMatchObject({
      code: 'RESTORE_FAILED',
      remedy: expect.stringContaining('SET GENERATED BY DEFAULT'),
    });
  });

  it('says what a trigger of the table has made of it', async () => {
    await write();
    const { length } = await backstory.history(Ledger, id);
    await dataSource.query(`update ledger set marks = 'z', sum = 3`);
    await dataSource.query(
      `create function round_up() returns trigger language plpgsql as $$ begin new.marks := new.marks || '!'; return new; end $$;
       create trigger aa before update on ledger for each row execute function round_up()`,
    );
    const report = await backstory.restore(Ledger, id, { version: length });
    expect(report.left).toEqual([{ property: 'marks', before: 'x,y z!', after: 'x,y z' }]);
    await clean();
  });

  it('refuses what it can not do, and writes nothing', async () => {
    await write();
    const { length } = await backstory.history(Ledger, id);
    await dataSource.query(`update ledger set sum = 5`);
    const before = await rows();
    const code = (wanted: object) =>
      backstory.restore(Ledger, id, wanted as { version: number }).catch((error: unknown) => error);
    expect(await code({})).toMatchObject({ code: 'INVALID_OPTIONS' });
    expect(await code({ version: 0 })).toMatchObject({ code: 'INVALID_OPTIONS' });
    expect(await code({ version: 1, asOf: new Date() })).toMatchObject({ code: 'INVALID_OPTIONS' });
    expect(await code({ asOf: new Date('never') })).toMatchObject({ code: 'INVALID_OPTIONS' });
    expect(await code({ version: length + 2 })).toMatchObject({
      code: 'RESTORE_REFUSED',
      message: expect.stringContaining(`it ends at position ${length + 1}`),
    });
    expect(await code({ asOf: new Date(0) })).toMatchObject({ code: 'RESTORE_REFUSED' });
    expect(await code({ version: 1, expectedVersion: length })).toMatchObject({
      code: 'WRONG_EXPECTED_VERSION',
      expected: length,
      actual: length + 1,
    });
    await expect(backstory.restore(Ledger, 'a:1', { version: 1 })).rejects.toMatchObject({
      code: 'AGGREGATE_NOT_FOUND',
    });
    await expect(backstory.restore('nothing', '1', { version: 1 })).rejects.toMatchObject({
      code: 'UNKNOWN_CATEGORY',
    });
    await backstory.erase(Ledger, id, { properties: ['marks', 'entries.text'] });
    expect(await code({ version: length })).toMatchObject({
      code: 'RESTORE_REFUSED',
      message: expect.stringContaining('marks, entries[1].text, entries[2].text'),
    });
    await backstory.stages.set('ledger', 'off');
    expect(await code({ version: 1 })).toMatchObject({ code: 'STAGE_REFUSED' });
    expect(await rows()).toEqual(before);
  });

  it('is a turn among those of concurrent writers, and none of them fails', async () => {
    await write();
    const { length } = await backstory.history(Ledger, id);
    const writeMuch = async (writer: number, round: number): Promise<void> => {
      for (let n = 0; n < 6; n++) {
        await dataSource.query(`update ledger set sum = sum + 1`);
        await dataSource.query(`update entry set text = $1 where id = $2`, [
          `w${writer}.${round}.${n}`,
          1 + (writer % 2),
        ]);
      }
    };
    for (let round = 0; round < 8; round++) {
      const [report] = await Promise.all([
        backstory.restore(Ledger, id, { version: length }),
        ...[1, 2, 3].map((writer) => writeMuch(writer, round)),
      ]);
      const then = (await backstory.state(Ledger, id, { version: report.version })).state;
      expect(then).toMatchObject({ marks: 'x,y z', sum: '12345678901234567890.10' });
    }
    await clean();
  });
});
