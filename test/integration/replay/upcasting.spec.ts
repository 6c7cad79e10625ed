import { type AggregateOptions, type Backstory, createBackstory } from '@backstory/adapter';
import { EntitySchema } from 'typeorm';
import { type Library, openLibrary } from '../../library/open-library.js';

const ticket = new EntitySchema({
  name: 'Ticket',
  columns: {
    id: { type: 'int', primary: true, generated: true },
    title: { type: 'text' },
    priority: { type: 'int', default: 3 },
  },
});

const louder: AggregateOptions = {
  entity: 'Ticket',
  schemaVersion: 3,
  renamedTypes: { TicketUpdated: 'TicketEdited' },
  upcasters: {
    '*': {
      1: (data) => ('title' in data ? { ...data, title: `${String(data['title'])}!` } : data),
      2: (data) => ('title' in data ? { ...data, title: String(data['title']).toUpperCase() } : data),
    },
  },
  snapshots: { every: 2 },
};

describe('events of former schema versions', () => {
  let library: Library;
  let backstory: Backstory | undefined;

  beforeEach(async () => {
    library = await openLibrary({ entities: [ticket] });
  });

  afterEach(async () => {
    await backstory?.close();
    await library.close();
  });

  const open = async (options: AggregateOptions): Promise<Backstory> => {
    await backstory?.close();
    return (backstory = await createBackstory(library.dataSource, { aggregates: [options] }));
  };

  it('are upcast in a chain by history, load, replayed reads and snapshots, and own events of the new version are not', async () => {
    const { manager } = library.dataSource;
    await open({ entity: 'Ticket', snapshots: { every: 2 } });
    await manager.insert('Ticket', [{ title: 'a' }, { title: 'b' }]);
    await manager.update('Ticket', 1, { title: 'c' });
    await backstory!.load('Ticket', '1');
    await backstory!.snapshotsSettled();
    const now = await open(louder);
    expect(
      (await now.history('ticket', '1')).map(({ type, data, schemaVersion }) => [
        type,
        data['title'],
        schemaVersion,
      ]),
    ).toEqual([
      ['TicketCreated', 'A!', 3],
      ['TicketEdited', 'C!', 3],
    ]);
    // the snapshot of the former version is ignored, and one of this version is taken
    expect(await now.load('Ticket', '1')).toMatchObject({ title: 'C!' });
    await now.snapshotsSettled();
    const kept = await library.dataSource.query(
      'select count(distinct fingerprint)::integer as n from backstory.snapshots',
    );
    expect(kept).toEqual([{ n: 2 }]);
    expect(await now.load('Ticket', '1')).toMatchObject({ title: 'C!' });
    await now.stages.set('ticket', 'replay', { force: true });
    expect(await manager.findOneBy('Ticket', { id: 1 })).toMatchObject({ title: 'C!' });
    expect(await manager.find('Ticket', { order: { id: 1 } })).toMatchObject([
      { title: 'C!' },
      { title: 'B!' },
    ]);
    await manager.update('Ticket', 2, { title: 'new' });
    expect((await now.history('ticket', '2')).at(-1)).toMatchObject({
      data: { title: 'new' },
      schemaVersion: 3,
    });
    expect(await manager.findOneBy('Ticket', { id: 2 })).toMatchObject({ title: 'new' });
  });

  it('of a newer version than the code knows are refused with stream and position, and a read returns the row', async () => {
    const { manager } = library.dataSource;
    await open({ entity: 'Ticket', schemaVersion: 2 });
    await manager.insert('Ticket', { title: 'a' });
    const old = await open({ entity: 'Ticket' });
    const refused =
      /"ticket-1" can't be replayed: position 1 has schema version 2, and this application knows 1/;
    await expect(old.history('ticket', '1')).rejects.toThrow(refused);
    await expect(old.load('Ticket', '1')).rejects.toThrow(refused);
    await old.stages.set('ticket', 'replay', { force: true });
    expect(await manager.findOneBy('Ticket', { id: 1 })).toMatchObject({ title: 'a' });
    expect(await manager.find('Ticket')).toMatchObject([{ title: 'a' }]);
  });

  it('under a former name of the category are found, and new ones go on in the same stream', async () => {
    const { manager } = library.dataSource;
    await open({ entity: 'Ticket', category: 'issue' });
    await manager.insert('Ticket', { title: 'a' });
    const now = await open({ entity: 'Ticket', category: 'ticket', storedAs: 'issue' });
    await manager.update('Ticket', 1, { title: 'b' });
    for (const name of ['ticket', 'issue', 'Ticket']) {
      expect(
        (await now.history(name, '1')).map(({ category, streamPosition }) => [category, streamPosition]),
      ).toEqual([
        ['ticket', 1],
        ['ticket', 2],
      ]);
    }
    expect(await now.load('Ticket', '1')).toMatchObject({ title: 'b' });
    expect(await now.verify()).toMatchObject({ clean: true });
  });

  it.each<[string, Partial<AggregateOptions>]>([
    ['a version that is none', { schemaVersion: 0 }],
    ['an upcaster that would never run', { upcasters: { '*': { 1: (data) => data } } }],
    ['snapshots after every event', { snapshots: { every: 1 } }],
  ])('%s is refused', async (_, options) => {
    await expect(open({ entity: 'Ticket', ...options })).rejects.toMatchObject({ code: 'INVALID_OPTIONS' });
  });
});
