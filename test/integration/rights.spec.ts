import { join } from 'node:path';
import { type Backstory, createBackstory, onEvent } from '@backstory/adapter';
import { DataSource } from 'typeorm';
import { Author, entities, Subject } from '../library/entities.js';
import { type Library, openLibrary } from '../library/open-library.js';
import { runCommand } from '../library/run-command.js';

const aggregates = [{ entity: Author, snapshots: { every: 2 } }, { entity: Subject }];

describe('a role with the rights that the documentation names, and no others', () => {
  const role = `clerk_${process.pid}_${Date.now()}`;
  let library: Library;
  let application: DataSource;
  let backstory: Backstory;
  const warnings: string[] = [];

  beforeAll(async () => {
    library = await openLibrary();
    const { dataSource } = library;
    await dataSource.query(
      `insert into author (name, version) values ('before', 1);
       create role ${role} login password 'x';
       grant usage on schema public to ${role};
       grant select, insert, update, delete on all tables in schema public to ${role};
       grant usage on all sequences in schema public to ${role}`,
    );
    const owner = await createBackstory(dataSource, { aggregates });
    await owner.close();
    const url = new URL(library.url);
    url.username = role;
    url.password = 'x';
    application = await new DataSource({ type: 'postgres', url: url.href, entities }).initialize();
    const options = {
      aggregates,
      install: 'check' as const,
      logger: { log: () => undefined, warn: (text: string) => warnings.push(text) },
    };
    await expect(createBackstory(application, options)).rejects.toMatchObject({
      remedy: expect.stringContaining('npx backstory grants --app') as string,
    });
    process.env['LIBRARY_URL'] = library.url;
    const file = join(__dirname, '../library/data-source.ts');
    expect(await runCommand('grants', '--app', role, '--apply', '--data-source', file)).toMatchObject({
      code: 0,
      err: '',
    });
    backstory = await createBackstory(application, options);
  });

  afterAll(async () => {
    await backstory.close();
    await application.destroy();
    await library.dataSource.query(`drop owned by ${role}; drop role ${role}`);
    await library.close();
  });

  const forTheOwner = (table: string) => ({
    code: 'RIGHTS_MISSING',
    message: expect.stringContaining(` on ${table}: permission denied`) as string,
    remedy: expect.stringMatching(/^(?!.*GRANT ).*run it as the owner/) as string,
  });

  it('writes, verifies, changes stages, reads by replay and takes snapshots; the owner backfills and repairs', async () => {
    const { manager } = application;
    await manager.insert(Subject, { code: 'a', label: 'A' });
    await manager.update(Author, 1, { name: 'after' });
    await expect(backstory.backfill()).rejects.toMatchObject(forTheOwner('backstory.backfills'));
    const owner = await createBackstory(library.dataSource, { aggregates });
    await owner.backfill();
    await owner.repair();
    await owner.close();
    expect(await backstory.verify()).toMatchObject({ clean: true });
    await backstory.stages.set('author', 'replay', { force: true, reason: 'tried' });
    expect(await manager.findOneBy(Author, { id: 1 })).toMatchObject({ name: 'after' });
    await backstory.snapshotsSettled();
    expect(await backstory.rebuildSnapshots({ aggregates: ['author'] })).toEqual([
      { category: 'author', removed: 1, taken: 1 },
    ]);
    expect(await backstory.status()).toHaveLength(2);
    expect(await backstory.doctor()).toEqual([]);
    await backstory.stages.set('author', 'capture', { reason: 'tried' });
    expect(warnings).toEqual([]);
  });

  it('runs consumers and projections, and settles what they could not handle', async () => {
    const { consumers } = backstory;
    const seen: string[] = [];
    consumers.define({
      name: 'seen',
      from: 'beginning',
      handlers: [onEvent({ categories: 'all' }, ({ type }) => void seen.push(type))],
    });
    consumers.project({
      name: 'parking',
      attempts: 1,
      handlers: [
        onEvent({ category: 'subject' }, () => {
          throw new Error('never');
        }),
      ],
    });
    await consumers.start();
    await application.manager.insert(Subject, { code: 'b', label: 'B' });
    for (const name of ['seen', 'parking']) await consumers.wait(name);
    expect(seen.at(-1)).toBe('SubjectCreated');
    const parked = await consumers.parked('parking');
    expect(parked.length).toBeGreaterThan(0);
    await consumers.retryParked('parking');
    await consumers.discardParked('parking', {}, { reason: 'tried' });
    expect(await consumers.parked('parking')).toEqual([]);
    await consumers.stop();
  });

  it('is never told to take rights on the log: what it lacks is done as the owner', async () => {
    const owner = await createBackstory(library.dataSource, { aggregates });
    await owner.erase(Author, '1', { reason: 'tried' });
    await owner.close();
    const refused = {
      'backstory.backfills': () => backstory.backfill(),
      'backstory.events': () =>
        backstory.repair({ aggregates: ['author'], restoreErased: true, streamIds: ['1'] }),
      'backstory.incarnation': () => backstory.consumers.beginEpoch(),
    };
    for (const [table, attempt] of Object.entries(refused))
      await expect(attempt()).rejects.toMatchObject(forTheOwner(table));
    await expect(backstory.estimateBackfill()).rejects.toMatchObject(forTheOwner('backstory.events'));
  });

  it('is told to have its rights renewed where they are lacking', async () => {
    const { dataSource } = library;
    const renew = {
      code: 'RIGHTS_MISSING',
      remedy: expect.stringContaining(`npx backstory grants --app ${role} --apply`) as string,
    };
    await dataSource.query(`revoke select on backstory.events from ${role}`);
    await dataSource.query(`revoke insert, update, delete on backstory.verifications from ${role}`);
    await expect(backstory.verify({ aggregates: ['author'] })).rejects.toMatchObject(renew);
    await dataSource.query(`grant select on backstory.events to ${role}`);
    await expect(backstory.verify({ aggregates: ['author'] })).rejects.toMatchObject(renew);
    await dataSource.query(`grant insert, update, delete on backstory.verifications to ${role}`);
    expect(await backstory.verify()).toMatchObject({ unseen: [] });
  });

  it('is told which right a projection with tables needs, and nobody is told that one is built that never started', async () => {
    const { consumers } = backstory;
    const { dataSource } = library;
    consumers.project({
      name: 'labels',
      tables: ['labels'],
      create: (manager, { labels }) => manager.query(`create table ${labels} (code text primary key)`),
      handlers: [
        onEvent({ category: 'subject' }, async ({ streamId }, { manager, tables }) => {
          await manager.query(`insert into ${tables['labels']} values ($1) on conflict do nothing`, [
            streamId,
          ]);
        }),
      ],
    });
    await dataSource.query('revoke create on schema public from public');
    await expect(consumers.start()).rejects.toMatchObject({
      code: 'RIGHTS_MISSING',
      message: expect.stringMatching(/^Projection "labels" .*lacks CREATE on schema "public"/) as string,
      remedy: expect.stringContaining(`GRANT CREATE ON SCHEMA "public" TO "${role}";`) as string,
    });
    for (const ask of [() => consumers.rebuild('labels'), () => consumers.rebuilt('labels')])
      await expect(ask()).rejects.toMatchObject({
        code: 'UNKNOWN_CONSUMER',
        message: expect.stringContaining('has never started') as string,
      });
    await dataSource.query(`grant create on schema public to ${role}`);
    await consumers.start();
    await consumers.wait('labels');
    expect(await application.query('select code from labels order by code')).toContainEqual({ code: 'a' });
    expect(await consumers.rebuild('labels')).toEqual({ live: 1, next: 2 });
    await consumers.stop();
    consumers.forget('labels');
  });

  it('can not change events', async () => {
    for (const statement of ['delete from backstory.events', `update backstory.events set type = 'Forged'`]) {
      await expect(application.query(statement)).rejects.toThrow(/permission denied/);
      await expect(library.dataSource.query(statement)).rejects.toThrow(/events are append-only/);
    }
  });
});
