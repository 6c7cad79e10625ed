import { type Backstory, createBackstory, onEvent, type RecordedEvent } from '@backstory/adapter';
import type { DataSource } from 'typeorm';
import { type History, openHistory } from '../../values/history.js';
import { Album, albumAggregate, albumEntities, Cover, Track } from '../owned-parts/entities.js';

describe('restoring an album', () => {
  let history: History;
  let backstory: Backstory;
  let dataSource: DataSource;

  beforeEach(async () => {
    history = await openHistory(
      { entities: albumEntities, installExtensions: true },
      { aggregates: [albumAggregate] },
    );
    ({ backstory, dataSource } = history);
  });

  afterEach(() => history.close());

  const save = async (): Promise<void> => {
    const { manager } = dataSource;
    const genres = [{ code: 'jazz', label: 'Jazz' }];
    await manager.insert('Genre', genres);
    await manager.save(Album, {
      title: 'Kind',
      genres,
      cover: { url: 'c', thumbnail: Buffer.from([1]) },
      tracks: [
        { title: 'So', credits: [{ name: 'Miles', place: 1, role: 'trumpet' }] },
        { title: 'Freddie' },
      ],
    } as never);
  };
  const album = () =>
    dataSource.manager.findOne(Album, {
      where: { id: 1 },
      relations: { tracks: { credits: true }, cover: true, genres: true },
      order: { tracks: { id: 1 } },
    });

  it('with parts of parts, a join table, and a cover that is nobody’s by now', async () => {
    await save();
    const before = await album();
    const { length } = await backstory.history(Album, '1');
    await dataSource.manager.delete(Album, 1);
    expect(await dataSource.manager.count(Cover)).toBe(1);
    expect(await dataSource.manager.count(Track)).toBe(0);
    await backstory.restore(Album, '1', { version: length });
    expect(await album()).toEqual(before);
    expect(await backstory.load(Album, '1')).toMatchObject({ title: 'Kind', tracks: [{ title: 'So' }, {}] });
    expect((await backstory.verify()).clean).toBe(true);
  });

  it('refuses a part that belongs to another by now, and a genre that is gone, and says what to do', async () => {
    await save();
    const { length } = await backstory.history(Album, '1');
    await dataSource.query(
      `insert into album (title) values ('Other'); update track set "albumId" = 2 where id = 1`,
    );
    await expect(backstory.restore(Album, '1', { version: length })).rejects.toMatchObject({
      code: 'RESTORE_REFUSED',
      message: expect.stringContaining('tracks[1] is a part of "album-2" by now'),
    });
    await dataSource.query(
      `update track set "albumId" = 1 where id = 1; delete from album_genres; delete from genre`,
    );
    await expect(backstory.restore(Album, '1', { version: length })).rejects.toMatchObject({
      code: 'RESTORE_FAILED',
      message: expect.stringContaining('is not present in table "genre"'),
      remedy: expect.stringContaining('Restore or create the row that it refers to'),
    });
    expect(await dataSource.query('select * from album_genres')).toEqual([]);
    expect((await backstory.verify()).clean).toBe(true);
  });

  it('is told to consumers as any other change, with where it came from', async () => {
    await save();
    const told: RecordedEvent[] = [];
    const { length } = await backstory.history(Album, '1');
    backstory.consumers.define({
      name: 'mirror',
      handlers: [onEvent({ category: 'album' }, (event) => void told.push(event))],
    });
    await backstory.consumers.start();
    await dataSource.manager.update(Album, 1, { title: 'Blue' });
    const report = await backstory.runInContext({ actor: 'ada', correlationId: 'r1' }, () =>
      backstory.restore(Album, '1', { version: length }),
    );
    await backstory.consumers.wait('mirror');
    expect(told.map(({ data, metadata }) => [data, metadata])).toEqual([
      [{ title: 'Blue' }, { origin: 'capture' }],
      [{ title: 'Kind' }, { origin: 'restore', restoredTo: length, actor: 'ada', correlationId: 'r1' }],
    ]);
    expect(report.version).toBe(length + 2);
  });

  it('goes past the refusal of writes without a command, as a repair does', async () => {
    await save();
    const { length } = await backstory.history(Album, '1');
    await dataSource.manager.update(Album, 1, { title: 'Blue' });
    await backstory.close();
    backstory = await createBackstory(dataSource, { aggregates: [albumAggregate] });
    Object.assign(history, { backstory });
    await backstory.stages.set('album', 'events', { force: true, residual: 'refuse' });
    await expect(dataSource.manager.update(Album, 1, { title: 'Green' })).rejects.toMatchObject({
      code: '23001',
    });
    await backstory.restore(Album, '1', { version: length });
    expect(await dataSource.query('select title from album')).toEqual([{ title: 'Kind' }]);
    await backstory.stages.set('album', 'capture');
  });
});
