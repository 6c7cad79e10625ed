import { type Backstory, createBackstory } from '@backstory/adapter';
import type { PoolClient } from 'pg';
import type { DataSource } from 'typeorm';
import { aggregates, nested, notes, Tenants } from './tenants.js';

type Event = { category: string; id: string; change: string };

/** Capture runs as the owner of its functions: here one whom FORCE ROW LEVEL SECURITY makes subject to the policies. */
describe('capture by a role from which policies hide rows', () => {
  let tenants: Tenants;
  let owner: DataSource;
  let backstory: Backstory;
  let seeing: Backstory;

  beforeEach(async () => {
    tenants = await Tenants.prepare({ forced: true });
    owner = await tenants.as(tenants.owner, 'a');
    backstory = await createBackstory(owner, { aggregates });
    seeing = await createBackstory(tenants.admin, { aggregates });
  });

  afterEach(async () => {
    await backstory.close();
    await seeing.close();
    await tenants.drop();
  });

  const events = (where: string): Promise<Event[]> =>
    tenants.sql<Event>(
      `select category, stream_id as id, change from backstory.events where ${where} order by stream_id::int, stream_position`,
    );
  const found = async (): Promise<string[]> =>
    (await seeing.doctor())
      .filter(({ problem }) => problem.includes('capture looks rows up as'))
      .map(({ severity, aggregate }) => `${severity} ${aggregate}`);

  it('records changes of every row, whoever is to see it', async () => {
    const application = await tenants.as(tenants.clerk, 'b');
    await application.getRepository(notes).update(1, { body: 'changed' });
    await application.getRepository(notes).delete(3);
    await application.getRepository(notes).save({ id: 11, tenant: 'b', body: 'new' });
    await tenants.sql(`update note set body = 'by nobody' where id = 2`);
    expect((await events(`category = 'note'`)).map(({ id, change }) => id + change)).toEqual([
      '1c',
      '1u',
      '2c',
      '2u',
      '3c',
      '3d',
      '11c',
    ]);
    await seeing.backfill({ aggregates: ['note'] });
    expect(await seeing.verify({ aggregates: ['note'] })).toMatchObject({ clean: true });
  });

  it('TRUNCATE, which no policy concerns, ends every stream', async () => {
    await seeing.backfill();
    await owner.query('truncate note');
    expect(await events(`category = 'note' and change = 'd'`)).toHaveLength(10);
    expect(await seeing.verify({ aggregates: ['note'] })).toMatchObject({ clean: true });
    await owner.query(`truncate orders, line`);
    expect(await events(`category = 'order' and change = 'd'`)).toHaveLength(10);
    expect(await seeing.verify({ aggregates: ['order'] })).toMatchObject({ clean: true });
  });

  it('TRUNCATE ends no stream twice, and none of a rolled back one', async () => {
    await seeing.backfill();
    await tenants.sql('delete from note where id < 4');
    await tenants.sql(
      `begin isolation level serializable; set role ${tenants.owner}; truncate note; rollback; reset role`,
    );
    expect(await events(`category = 'note' and change = 'd'`)).toHaveLength(3);
    await tenants.sql(
      `begin isolation level serializable; set role ${tenants.owner}; truncate note; commit; reset role`,
    );
    expect(await events(`category = 'note' and change = 'd'`)).toHaveLength(10);
    expect(await seeing.verify({ aggregates: ['note'] })).toMatchObject({ clean: true });
  });

  it('TRUNCATE of parts takes them out of every stream, also of those that are hidden', async () => {
    await seeing.backfill();
    expect(await found()).toEqual(['hint order']);
    await owner.query('truncate line');
    expect(await events(`category = 'order' and change = 'u'`)).toHaveLength(10);
    expect(await seeing.verify({ aggregates: ['order'] })).toMatchObject({ clean: true });
    expect(await seeing.state('Order', '1')).toMatchObject({ state: { lines: {} } });
  });

  it('an aggregate met for the first time by a change of a hidden part is found by verify, and repaired', async () => {
    await tenants.sql(`update line set text = 'y' where id = 1; insert into line values (11, 'b', 'z', 3)`);
    await seeing.backfill({ aggregates: ['order'] });
    expect(await seeing.verify({ aggregates: ['order'] })).toMatchObject({ clean: false });
    await seeing.repair({ aggregates: ['order'] });
    expect(await seeing.verify({ aggregates: ['order'] })).toMatchObject({ clean: true });
  });

  it('a row that triggers of the application may change again is recorded as it was when they fired', async () => {
    await tenants.sql(
      `create function touch() returns trigger language plpgsql as $$ begin return null; end $$;
       create trigger touch after insert or update or delete on note for each row execute function touch();
       create trigger touch after insert or update or delete on line for each row execute function touch()`,
    );
    await seeing.install();
    await seeing.backfill();
    await tenants.sql(
      `update note set body = 'x' where id = 1; insert into note values (20, 'b', 'new'); delete from note where id = 2;
       update line set text = 'q' where id = 1; insert into line values (20, 'b', 'new', 1); delete from line where id = 2`,
    );
    expect(await seeing.verify()).toMatchObject({ clean: true });
    expect((await found()).sort()).toEqual(['fault note', 'fault order']);
  });

  it('what is beneath a hidden part is in no event: doctor says so, and verify finds it', async () => {
    await backstory.close();
    await seeing.close();
    backstory = await createBackstory(owner, { aggregates: nested });
    seeing = await createBackstory(tenants.admin, { aggregates: nested });
    await seeing.backfill();
    await tenants.sql(`insert into detail values (1, 'b', 1)`);
    expect(await seeing.verify()).toMatchObject({ clean: false });
    expect(await found()).toEqual(['fault order']);
    await seeing.repair();
    expect(await seeing.verify()).toMatchObject({ clean: true });
  });

  it('nothing of this is left where the owner of the functions has BYPASSRLS', async () => {
    await tenants.sql(`alter role ${tenants.owner} bypassrls`);
    expect(await found()).toEqual([]);
    await tenants.sql(`update line set text = 'y' where id = 1; insert into line values (11, 'b', 'z', 3)`);
    await backstory.backfill();
    await owner.query('truncate line');
    expect(await backstory.verify()).toMatchObject({ clean: true, unseen: [] });
  });
});

describe('capture of partitions under policies', () => {
  it('reads rows through the root, whatever policies the partitions have; a truncated partition under a hidden root is warned of', async () => {
    const tenants = await Tenants.prepare();
    await tenants.sql(`drop table note cascade; set role ${tenants.owner};
      create table note (id int primary key, tenant text not null, body text not null) partition by range (id);
      create table note_1 partition of note for values from (0) to (6);
      create table note_2 partition of note for values from (6) to (100);
      alter table note_1 enable row level security; alter table note_1 force row level security;
      create policy nobody on note_1 using (false);
      insert into note select i, 'a', 'n' || i from generate_series(1, 10) i; reset role`);
    const owner = await tenants.as(tenants.owner);
    const backstory = await createBackstory(owner, { aggregates: ['Note'] });
    expect(await backstory.backfill()).toMatchObject([{ rows: 10, events: 10, completed: true }]);
    expect(await backstory.verify()).toMatchObject({ clean: true, aggregates: [{ rows: 10 }] });
    expect(await backstory.doctor()).toEqual([]);
    await owner.query('truncate note_1');
    expect(await backstory.verify()).toMatchObject({ clean: true, aggregates: [{ rows: 5 }] });
    await tenants.sql(`insert into note_1 values (1, 'a', 'again');
      alter table note enable row level security; alter table note force row level security;
      create policy nobody on note using (false)`);
    const seeing = await createBackstory(tenants.admin, { aggregates: ['Note'] });
    expect((await seeing.doctor()).map(({ severity, aggregate }) => [severity, aggregate])).toEqual([
      ['hint', 'note'],
    ]);
    const { master } = owner.driver as unknown as { master: { connect(): Promise<PoolClient> } };
    const client = await master.connect();
    const notices: string[] = [];
    client.on('notice', ({ message = '' }) => notices.push(message));
    await client.query('truncate note_1');
    client.release();
    expect(notices).toEqual([
      expect.stringMatching(
        `TRUNCATE of .*note_1 is captured without the rows that row-level security hides from ${tenants.owner}`,
      ),
    ]);
    expect(await seeing.verify()).toMatchObject({ clean: false, aggregates: [{ drifted: 1 }] });
    await seeing.repair();
    await owner.query('truncate note');
    expect(await seeing.verify()).toMatchObject({ clean: true, aggregates: [{ rows: 0, streams: 0 }] });
    await seeing.close();
    await backstory.close();
    await tenants.drop();
  });
});
