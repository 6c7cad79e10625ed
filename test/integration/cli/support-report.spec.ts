import { createBackstory } from '@backstory/adapter';
import { Author } from '../../library/entities.js';
import { type Library, openLibrary } from '../../library/open-library.js';
import { runOnLibrary } from '../../library/run-on-library.js';

describe('what an issue needs', () => {
  let library: Library;

  beforeEach(async () => {
    library = await openLibrary();
    process.env['LIBRARY_URL'] = library.url;
    jest.resetModules();
  });

  afterEach(async () => {
    await library.close();
  });

  it('can be had where nothing is installed', async () => {
    const { code, out } = await runOnLibrary('doctor', '--report');
    expect(out).toContain('Nothing is installed.');
    expect(out).toContain('fault: Backstory\'s own tables in schema "backstory" are missing or old');
    expect(code).toBe(2);
  });

  it('says versions, stages and findings, and nothing of rows, events or the connection', async () => {
    const backstory = await createBackstory(library.dataSource, { aggregates: [Author] });
    await library.dataSource.getRepository(Author).save({ id: 4711, name: 'Iris Murdoch' });
    await backstory.close();
    await library.dataSource.query(`alter table author disable trigger "00_backstory_update"`);
    const { code, out, err } = await runOnLibrary('doctor', '--report');
    expect(err).toBe('');
    expect(code).toBe(2);
    expect(out).toContain(`- Node.js ${process.version}`);
    expect(out).toMatch(
      /- PostgreSQL \d+.* \(UTF8, isolation read committed, session replication role origin\)/,
    );
    expect(out).toMatch(/- typeorm \d+\.\d+\.\d+/);
    expect(out).toMatch(/Migration \d+; 1 in capture\./);
    expect(out).toMatch(/- fault author: .*00_backstory_update.*\n {2}What to do: /);
    const { hostname, username, pathname } = new URL(library.url);
    for (const secret of ['Iris', '4711', hostname, pathname.slice(1), `user ${username}`]) {
      expect(out).not.toContain(secret);
    }
  });

  it('is about one history', async () => {
    expect(await runOnLibrary('doctor', '--report', '--tenants', 'acme')).toMatchObject({
      code: 1,
      err: expect.stringContaining('name the schema of the history in question with --schema'),
    });
  });
});
