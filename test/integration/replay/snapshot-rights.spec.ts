import { type Backstory, createBackstory } from '@backstory/adapter';
import { DataSource } from 'typeorm';
import { Author, entities, Subject } from '../../library/entities.js';
import { type Library, openLibrary } from '../../library/open-library.js';

const aggregates = [Author, Subject].map((entity) => ({ entity, snapshots: { every: 2 } }));

describe('an application whose role may not touch the snapshots', () => {
  const role = `reader_${process.pid}_${Date.now()}`;
  let library: Library;
  let application: DataSource;
  let backstory: Backstory;
  let warnings: string[];

  beforeEach(async () => {
    library = await openLibrary();
    const { dataSource } = library;
    const owner = await createBackstory(dataSource, { aggregates });
    await dataSource.query(
      `create role ${role} login password 'x';
       grant usage on schema public, backstory to ${role};
       grant select, insert, update, delete on all tables in schema public, backstory to ${role};
       grant usage on all sequences in schema public to ${role};
       revoke all on backstory.snapshots from ${role}`,
    );
    for (const category of ['author', 'subject']) {
      await owner.stages.set(category, 'replay', { force: true });
    }
    // streams of five events, with snapshots of the owner's which the application can't see
    await dataSource.manager.insert(Author, { name: '0', home: {} });
    for (const name of ['1', '2', '3', '4']) await dataSource.manager.update(Author, 1, { name });
    await owner.rebuildSnapshots();
    await owner.close();
    const url = new URL(library.url);
    url.username = role;
    url.password = 'x';
    warnings = [];
    application = await new DataSource({ type: 'postgres', url: url.href, entities }).initialize();
    backstory = await createBackstory(application, {
      aggregates,
      install: 'check',
      logger: { log: () => undefined, warn: (text: string) => warnings.push(text) },
    });
  });

  afterEach(async () => {
    await backstory.close();
    await application.destroy();
    await library.dataSource.query(`drop owned by ${role}; drop role ${role}`);
    await library.close();
  });

  const refusals = (): string[] =>
    warnings.filter((text) => /may not read and write the snapshots/.test(text));

  it('reads by replay all the same, and is told once', async () => {
    for (let n = 0; n < 3; n++) {
      expect(await application.manager.findOneBy(Author, { id: 1 })).toMatchObject({ name: '4' });
      expect(await application.manager.find(Author)).toMatchObject([{ name: '4' }]);
      expect(await backstory.load(Author, '1')).toMatchObject({ name: '4' });
      expect(await backstory.load(Author, '1', { version: 3 })).toMatchObject({ name: '2' });
      const listed = [];
      for await (const author of backstory.loadAll(Author)) listed.push(author.name);
      expect(listed).toEqual(['4']);
      await backstory.snapshotsSettled();
    }
    expect(await backstory.verify()).toMatchObject({ clean: true });
    expect(refusals()).toEqual([expect.stringContaining('GRANT SELECT, INSERT ON "backstory".snapshots TO')]);
    expect(warnings).toEqual(refusals());
  });

  it('does not lose the transaction that it reads in', async () => {
    const read = await application.transaction(async (manager) => {
      await manager.update(Author, 1, { name: 'own' });
      const one = await manager.findOneBy(Author, { id: 1 });
      const [first] = await manager.find(Author);
      await manager.update(Author, 1, { name: `${one?.name} ${first?.name}` });
      return manager.findOneByOrFail(Author, { id: 1 });
    });
    expect(read.name).toBe('own own');
    expect(await application.manager.findOneBy(Author, { id: 1 })).toMatchObject({ name: 'own own' });
  });

  it.each(['select', 'insert'])(
    'with the right to %s alone it takes none, and all when it has both',
    async (right) => {
      await library.dataSource.query(
        `truncate backstory.snapshots; grant ${right} on backstory.snapshots to ${role}`,
      );
      const kept = async (): Promise<number> => {
        expect(await application.manager.findOneBy(Author, { id: 1 })).toMatchObject({ name: '4' });
        await backstory.snapshotsSettled();
        const [{ count }] = await library.dataSource.query(
          'select count(*)::int as count from backstory.snapshots',
        );
        return count as number;
      };
      expect([await kept(), await kept()]).toEqual([0, 0]);
      expect(refusals()).toHaveLength(1);
      await library.dataSource.query(`grant select, insert on backstory.snapshots to ${role}`);
      expect(await kept()).toBe(1);
      await library.dataSource.query(
        `revoke all on backstory.snapshots from ${role}; truncate backstory.snapshots`,
      );
      expect(await kept()).toBe(0);
      expect(refusals()).toHaveLength(2);
    },
  );
});
