import { join } from 'node:path';
import { type Backstory, createBackstory } from '@backstory/adapter';
import { DataSource } from 'typeorm';
import { Author, entities } from '../../library/entities.js';
import { type Library, openLibrary } from '../../library/open-library.js';
import { runCommand } from '../../library/run-command.js';

const file = join(__dirname, '../../library/data-source.ts');
const aggregates = [{ entity: Author, whenCaptureFails: 'record' as const }];

describe('failures of capture, by role and on the command line', () => {
  const role = `clerk_${process.pid}_${Date.now()}`;
  const maker = `maker_${process.pid}_${Date.now()}`;
  let library: Library;
  let application: DataSource;
  let backstory: Backstory;

  const run = (...argv: string[]): ReturnType<typeof runCommand> =>
    runCommand(...argv, '--data-source', file);
  const breakCapture = (): Promise<unknown> =>
    library.dataSource.query(`create or replace function broken() returns trigger language plpgsql as $$
        begin raise exception 'somebody broke it'; end $$;
      create trigger broken before insert on backstory.events for each row execute function broken()`);
  const mendCapture = (): Promise<unknown> =>
    library.dataSource.query('drop trigger broken on backstory.events');
  const unsettled = async (): Promise<number> => {
    const [found] = await library.dataSource.query(
      'select count(*)::integer as n from backstory.capture_failures where settled_at is null',
    );
    return found.n as number;
  };

  beforeAll(async () => {
    library = await openLibrary();
    const { dataSource } = library;
    await dataSource.query(
      `insert into author (name, version) values ('before', 1);
       create role ${maker};
       create role ${role} login password 'x';
       grant usage on schema public to ${role}, ${maker};
       grant select, insert, update, delete on all tables in schema public to ${role}`,
    );
    const owner = await createBackstory(dataSource, { aggregates });
    await owner.backfill();
    await owner.verify();
    await owner.close();
    process.env['LIBRARY_URL'] = library.url;
    expect(await run('grants', '--app', role, '--apply')).toMatchObject({ code: 0, err: '' });
    const url = new URL(library.url);
    url.username = role;
    url.password = 'x';
    application = await new DataSource({ type: 'postgres', url: url.href, entities }).initialize();
    backstory = await createBackstory(application, { aggregates, install: 'check' });
  });

  afterAll(async () => {
    await backstory.close();
    await application.destroy();
    await library.dataSource.query(
      `alter function backstory.capture_author_update() owner to current_user;
       drop owned by ${role}, ${maker}; drop role ${role}, ${maker}`,
    );
    await library.close();
  });

  it('the application records by writing rows, and in no other way', async () => {
    await breakCapture();
    await application.query(`update author set name = 'x'`);
    await mendCapture();
    expect(await unsettled()).toBe(1);
    for (const attempt of [
      `insert into backstory.capture_failures (category, table_name, operation, sqlstate, message, context)
       values ('author', 'author', 'UPDATE', 'P0001', '', '{}')`,
      'update backstory.capture_failures set settled_at = now()',
      'delete from backstory.capture_failures',
      `select backstory.note_capture_failure('author', 'author', 'UPDATE', 'P0001', '', '', '{}', 1, null)`,
      `select backstory.may_go_on('author', 'P0001', '')`,
    ])
      await expect(application.query(attempt)).rejects.toMatchObject({ code: '42501' });
    await application.query(`select backstory.settle_capture_failures('author', 'no proof', '[[1, 100]]')`);
    expect(await unsettled()).toBe(1);
  });

  it('commands say what it is and what to do', async () => {
    const words = 'author: 1 statement was written without events at ';
    expect(await run('verify', 'author', '--sample', '0.999')).toMatchObject({ code: 2 });
    expect((await run('verify', 'author')).out).toContain(words);
    expect((await run('status')).out).toContain(words);
    expect((await run('status')).out).toContain(
      'npx backstory repair author, then npx backstory verify author',
    );
    expect(await run('doctor')).toMatchObject({
      code: 2,
      out: expect.stringContaining('because capture failed') as string,
    });
    expect(await run('stage', 'author', 'shadow')).toMatchObject({
      code: 1,
      err: expect.stringContaining('1 statement was written whose capture has failed') as string,
    });
    expect(await run('repair', 'author')).toMatchObject({ code: 0 });
  });

  it("the application's verify settles it", async () => {
    expect(await unsettled()).toBe(1);
    expect(await backstory.verify({ aggregates: ['author'] })).toMatchObject({ clean: true });
    expect(await unsettled()).toBe(0);
    expect((await run('status')).out).not.toContain('without events');
  });

  it('where another role owns the functions, it records once grants has let it', async () => {
    const { dataSource } = library;
    await dataSource.query(
      `grant usage on schema backstory to ${maker}; grant select, insert on backstory.events to ${maker};
       alter function backstory.capture_author_update() owner to ${maker}`,
    );
    await breakCapture();
    await expect(application.query(`update author set name = 'y'`)).rejects.toMatchObject({ code: '42501' });
    expect(await run('grants', '--app', role, '--apply')).toMatchObject({ code: 0 });
    await application.query(`update author set name = 'y'`);
    await mendCapture();
    expect(await unsettled()).toBe(1);
  });
});
