import {
  aggregate,
  type AggregateOptions,
  type Backstory,
  createBackstory,
  withEvent,
} from '@backstory/adapter';
import { type Library, openLibrary } from '../../library/open-library.js';
import { Album, albumAggregate, albumEntities, Credit, Track } from './entities.js';

describe('a change of an owned part', () => {
  let library: Library;
  let backstory: Backstory;

  beforeEach(async () => {
    library = await openLibrary({ entities: albumEntities });
  });

  afterEach(async () => {
    await backstory.close();
    await library.close();
  });

  const open = async (...aggregates: AggregateOptions[]): Promise<Backstory> =>
    (backstory = await createBackstory(library.dataSource, { aggregates }));

  it('has its own names, rules and exclusions', async () => {
    const opened = await open(
      albumAggregate,
      aggregate(Track, {
        exclude: ['plays'],
        types: { created: 'TrackAdded' },
        events: [{ type: 'TrackRetitled', when: { changed: ['title'] } }],
      }),
      aggregate(Credit, {
        events: [{ type: 'LeadCredited', on: 'created', when: { became: { role: 'lead' } } }],
      }),
    );
    const { manager } = library.dataSource;
    const { id } = await manager.save(manager.create(Album, { title: 'x' }));
    await manager.insert(Track, { title: 'one', plays: '5', album: { id } });
    await manager.update(Track, { id: 1 }, { title: 'uno' });
    await manager.update(Track, { id: 1 }, { plays: '6' });
    await manager.insert(Credit, { name: 'ann', place: 1, role: 'lead', track: { id: 1 } });
    const history = await opened.history('album', String(id));
    expect(history.map(({ type }) => type)).toEqual([
      'AlbumCreated',
      'TrackAdded',
      'TrackRetitled',
      'LeadCredited',
    ]);
    expect(history[1]?.data).toEqual({
      tracks: { 1: { id: 1, title: 'one', 'album.id': id, deletedAt: null } },
    });
    expect((await opened.verify()).clean).toBe(true);
  });

  it('is named by a scope for its entity, and its root by one for the root', async () => {
    const opened = await open(albumAggregate);
    const { manager } = library.dataSource;
    const { id } = await manager.save(
      manager.create(Album, { title: 'x', tracks: [{ title: 'one' }, { title: 'two' }] }),
    );
    const before = (await opened.history('album', String(id))).length;
    await withEvent('AlbumRemastered', { aggregate: Album, data: { by: 'ann', tracks: 'never' } }, () =>
      withEvent('TrackRemixed', { aggregate: 'Track', on: 'updated', data: { desk: 7 } }, async () => {
        await manager.query(`update track set title = title || '!' where "albumId" = $1`, [id]);
        await manager.update(Album, { id }, { title: 'xx' });
        await manager.update(Album, { id }, { title: 'xxx' });
      }),
    );
    const history = (await opened.history('album', String(id))).slice(before);
    expect(history.map(({ type }) => type)).toEqual([
      'TrackRemixed',
      'TrackUpdated',
      'AlbumRemastered',
      'AlbumUpdated',
    ]);
    expect(history[0]?.data).toMatchObject({ desk: 7, tracks: expect.any(Object) });
    expect(history[2]?.data).toEqual({ by: 'ann', title: 'xx' });
    expect((await opened.verify()).aggregates.flatMap(({ drift }) => drift)).toEqual([]);
  });
});
