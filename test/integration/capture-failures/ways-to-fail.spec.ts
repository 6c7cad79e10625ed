import { type Notes, openNotes } from './notes.js';

/** What somebody does to the log or to the functions, what it comes to, and how it is taken back. */
const ways: readonly (readonly [name: string, breaks: string, code: string, mends: string])[] = [
  [
    'a trigger on the table of events',
    `create function broken() returns trigger language plpgsql as $$ begin raise exception 'no'; end $$;
     create trigger broken before insert on backstory.events for each row execute function broken()`,
    'P0001',
    'drop trigger broken on backstory.events',
  ],
  [
    'a constraint on the table of events',
    `alter table backstory.events add constraint short check (type <> 'NoteUpdated') not valid`,
    '23514',
    'alter table backstory.events drop constraint short',
  ],
  [
    'a column of events that was renamed',
    'alter table backstory.events rename column data to payload',
    '42703',
    'alter table backstory.events rename column payload to data',
  ],
  [
    'positions that are given a second time',
    `select setval(pg_get_serial_sequence('backstory.events', 'global_position'), 1)`,
    '23505',
    `select setval(pg_get_serial_sequence('backstory.events', 'global_position'), 1000)`,
  ],
  [
    'rights that the owner of the functions has lost',
    `create role "weak of notes";
     grant usage on schema backstory, public to "weak of notes";
     grant execute on all functions in schema backstory to "weak of notes";
     alter function backstory.capture_note_update() owner to "weak of notes"`,
    '42501',
    `alter function backstory.capture_note_update() owner to current_user;
     drop owned by "weak of notes";
     drop role "weak of notes"`,
  ],
  [
    'a table of events that is gone',
    'alter table backstory.events rename to events_away',
    '42P01',
    'alter table backstory.events_away rename to events',
  ],
];

const change = `update note set body = 'x' where id = 1`;

describe.each(ways)('capture fails by %s', (_, breaks, code, mends) => {
  let notes: Notes;
  const open = async (policy: 'fail' | 'record'): Promise<void> => {
    notes = await openNotes(policy);
  };

  afterEach(() => notes.close());

  it('with "fail": the write fails, as it did before there was a choice', async () => {
    await open('fail');
    await notes.query(breaks);
    await expect(notes.query(change)).rejects.toMatchObject({ code });
    await notes.query(mends);
    expect(await notes.bodies()).toEqual(['1 a', '2 b']);
    expect(await notes.failures()).toEqual([]);
    expect(await notes.backstory.verify()).toMatchObject({ clean: true });
  });

  it('with "record": the write goes on, all say so, and a repair with a verify settles it', async () => {
    await open('record');
    const { backstory } = notes;
    await notes.query(breaks);
    await notes.query(change);
    expect(await notes.bodies()).toEqual(['1 x', '2 b']);
    const failure = {
      operation: 'UPDATE',
      table_name: 'public.note',
      sqlstate: code,
      rows: '1',
      settled: false,
    };
    expect(await notes.failures()).toMatchObject([failure]);
    await notes.query(mends);

    const unsettled = { statements: 1, lastError: { code } };
    expect(await backstory.verify()).toMatchObject({
      clean: false,
      aggregates: [{ category: 'note', drifted: 1, captureFailures: unsettled }],
    });
    expect(await backstory.status()).toMatchObject([{ captureFailures: unsettled }]);
    expect(await backstory.doctor()).toContainEqual(
      expect.objectContaining({
        severity: 'fault',
        proof: true,
        aggregate: 'note',
        problem: expect.stringContaining(`written without events`) as string,
        remedy: expect.stringContaining('npx backstory repair note') as string,
      }),
    );
    await expect(backstory.stages.set('note', 'shadow')).rejects.toMatchObject({
      code: 'STAGE_REFUSED',
      reasons: expect.arrayContaining([expect.stringContaining('whose capture has failed')]) as string[],
    });

    await backstory.repair();
    // nothing differs, but nobody has seen that yet
    expect(await backstory.status()).toMatchObject([{ captureFailures: unsettled }]);
    expect(await backstory.verify()).toMatchObject({ clean: true });
    expect(await backstory.status()).toMatchObject([{ captureFailures: null }]);
    expect(await notes.failures()).toMatchObject([{ settled: true }]);
    expect((await backstory.doctor()).filter(({ severity }) => severity === 'fault')).toEqual([]);
    await backstory.stages.set('note', 'shadow');
    await backstory.stages.set('note', 'replay', { force: true });
    expect(await notes.dataSource.getRepository('Note').findOneBy({ id: 1 })).toMatchObject({ body: 'x' });
  });
});
