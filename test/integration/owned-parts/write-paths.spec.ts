import { type Ground, openGround } from '../write-paths/ground.js';
import { describeWritePaths } from '../write-paths/write-path.js';
import { Album, albumAggregate, albumEntities, Track } from './entities.js';

/** Album 1 has tracks 1 and 2, the first with two credits; album 2 has track 3. Both albums have a genre. */
const shelf = `
  insert into album (title) values ('blue'), ('green');
  insert into genre (code, label) values ('jazz', 'Jazz'), ('pop', 'Pop');
  insert into track (title, "albumId") values ('one', 1), ('two', 1), ('three', 2);
  insert into credit (name, place, role, "trackId") values ('ann', 1, 'voice', 1), ('b:b', 2, 'bass', 1);
  insert into cover (id, url, "albumId") values ('00000000-0000-0000-0000-000000000001', 'u', 1);
  insert into album_genres values (1, 'jazz'), (2, 'pop')`;

const cover = '00000000-0000-0000-0000-000000000001';
const track = (id: number): string => `tracks[${id}]:album.id,deletedAt,id,plays,title`;
const credit = (id: string): string => `tracks.credits[${id}]:name,place,role,track.id`;

describe('writes to an aggregate of several tables', () => {
  let ground: Ground;
  beforeAll(async () => {
    ground = await openGround(albumEntities, '', [albumAggregate]);
  });
  afterAll(() => ground.close());

  describeWritePaths(() => ground, {
    'insert of a whole aggregate': {
      prepare: `insert into genre values ('jazz', 'Jazz')`,
      write: (manager) =>
        manager.save(
          manager.create(Album, {
            title: 'blue',
            tracks: [{ title: 'one', credits: [{ name: 'ann', place: 1, role: 'voice' }] }, { title: 'two' }],
            genres: [{ code: 'jazz' }],
          }),
        ),
      events: {
        'album-1': [
          'created AlbumCreated id title',
          'updated AlbumGenresCreated genres[1:jazz]:albumId,genreCode',
          // TypeORM inserts the tracks without their album first
          `updated TrackCreated ${credit('ann:1')} ${track(1)}`,
          `updated TrackCreated ${track(2)}`,
        ],
      },
    },
    'update of parts through the root': {
      prepare: shelf,
      write: async (manager) => {
        const album = await manager.findOneOrFail(Album, {
          where: { id: 1 },
          relations: { tracks: { credits: true } },
          order: { tracks: { id: 'ASC', credits: { place: 'ASC' } } },
        });
        album.title = 'navy';
        album.tracks[1]!.title = 'second';
        album.tracks[0]!.credits[1]!.role = 'double bass';
        await manager.save(album);
      },
      events: {
        'album-1': [
          'updated AlbumUpdated title',
          'updated CreditUpdated tracks.credits[b%3Ab:2]:role',
          'updated TrackUpdated tracks[2]:title',
        ],
      },
    },
    'one statement for the parts of several roots': {
      prepare: shelf,
      write: `update track set plays = plays + 1`,
      events: {
        'album-1': ['updated TrackUpdated tracks[1]:plays', 'updated TrackUpdated tracks[2]:plays'],
        'album-2': ['updated TrackUpdated tracks[3]:plays'],
      },
    },
    'update without effect': { prepare: shelf, write: `update track set title = title`, events: {} },
    'a part is taken away': {
      prepare: shelf,
      write: (manager) => manager.delete(Track, 2),
      events: { 'album-1': ['updated TrackDeleted tracks[2]:gone'] },
    },
    'a part is taken away with what is beneath it': {
      prepare: shelf,
      write: (manager) => manager.delete(Track, 1),
      events: {
        'album-1': [
          'updated TrackDeleted tracks.credits[ann:1]:gone tracks.credits[b%3Ab:2]:gone tracks[1]:gone',
        ],
      },
    },
    'a part is soft-deleted and restored': {
      prepare: shelf,
      write: async (manager) => {
        await manager.softDelete(Track, 2);
        await manager.restore(Track, 2);
      },
      events: {
        'album-1': [
          'updated TrackSoftDeleted tracks[2]:deletedAt',
          'updated TrackRestored tracks[2]:deletedAt',
        ],
      },
    },
    'a part moves to another root with what is beneath it': {
      prepare: shelf,
      write: `update track set "albumId" = 2 where id = 1`,
      events: {
        'album-1': [
          'updated TrackDeleted tracks.credits[ann:1]:gone tracks.credits[b%3Ab:2]:gone tracks[1]:gone',
        ],
        'album-2': [`updated TrackCreated ${credit('ann:1')} ${credit('b%3Ab:2')} ${track(1)}`],
      },
    },
    'a part moves away and back, and loses something meanwhile': {
      prepare: shelf,
      write: async (manager) => {
        await manager.query(`update track set "albumId" = 2 where id = 1`);
        await manager.query(`delete from credit where name = 'ann'`);
        await manager.query(`update track set "albumId" = 1 where id = 1`);
      },
      events: {
        'album-1': [
          'updated TrackDeleted tracks.credits[ann:1]:gone tracks.credits[b%3Ab:2]:gone tracks[1]:gone',
          `updated TrackCreated ${credit('b%3Ab:2')} ${track(1)}`,
        ],
        'album-2': [
          `updated TrackCreated ${credit('ann:1')} ${credit('b%3Ab:2')} ${track(1)}`,
          'updated CreditDeleted tracks.credits[ann:1]:gone',
          'updated TrackDeleted tracks.credits[b%3Ab:2]:gone tracks[1]:gone',
        ],
      },
    },
    'something moves to another part of the same root': {
      prepare: shelf,
      write: `update credit set "trackId" = 2 where name = 'ann'`,
      events: { 'album-1': ['updated CreditUpdated tracks.credits[ann:1]:track.id'] },
    },
    'something moves to a part of another root': {
      prepare: shelf,
      write: `update credit set "trackId" = 3 where name = 'ann'`,
      events: {
        'album-1': ['updated CreditDeleted tracks.credits[ann:1]:gone'],
        'album-2': [`updated CreditCreated ${credit('ann:1')}`],
      },
    },
    'a part loses its root and finds one': {
      prepare: shelf,
      write: async (manager) => {
        await manager.query(`update track set "albumId" = null where id = 1`);
        await manager.query(`update credit set role = 'lead' where name = 'ann'`);
        await manager.query(`update track set "albumId" = 1 where id = 1`);
      },
      events: {
        'album-1': [
          'updated TrackDeleted tracks.credits[ann:1]:gone tracks.credits[b%3Ab:2]:gone tracks[1]:gone',
          `updated TrackCreated ${credit('ann:1')} ${credit('b%3Ab:2')} ${track(1)}`,
        ],
      },
    },
    'the key of a part changes': {
      prepare: shelf,
      write: `update track set id = 20 where id = 2`,
      events: {
        'album-1': ['updated TrackDeleted tracks[2]:gone', `updated TrackCreated ${track(20)}`],
      },
    },
    'the root goes and takes everything along': {
      prepare: shelf,
      write: `delete from album where id = 1`,
      events: {
        'album-1': [
          'deleted AlbumDeleted',
          'updated TrackDeleted tracks.credits[ann:1]:gone tracks.credits[b%3Ab:2]:gone tracks[1]:gone',
          'updated TrackDeleted tracks[2]:gone',
          `updated CoverDeleted cover[${cover}]:gone`,
          'updated AlbumGenresDeleted genres[1:jazz]:gone',
        ],
      },
    },
    'the root goes and comes back': {
      prepare: shelf,
      write: async (manager) => {
        await manager.query(`delete from album where id = 2`);
        await manager.query(`insert into album (id, title) values (2, 'olive')`);
        await manager.query(`insert into track (id, title, "albumId") values (3, 'third', 2)`);
      },
      events: {
        'album-2': [
          'deleted AlbumDeleted',
          'updated TrackDeleted tracks[3]:gone',
          'updated AlbumGenresDeleted genres[2:pop]:gone',
          'created AlbumCreated id title',
          `updated TrackCreated ${track(3)}`,
        ],
      },
    },
    'join table through the relation builder': {
      prepare: shelf,
      write: async (manager) => {
        const genres = manager.createQueryBuilder().relation(Album, 'genres').of(1);
        await genres.addAndRemove(['pop'], ['jazz']);
      },
      events: {
        'album-1': [
          'updated AlbumGenresDeleted genres[1:jazz]:gone',
          'updated AlbumGenresCreated genres[1:pop]:albumId,genreCode',
        ],
      },
    },
    'upsert of a part, both outcomes': {
      prepare: shelf,
      write: `insert into track (id, title, "albumId") values (2, 'deux', 1), (9, 'neuf', 1)
              on conflict (id) do update set title = excluded.title`,
      events: {
        'album-1': ['updated TrackUpdated tracks[2]:title', `updated TrackCreated ${track(9)}`],
      },
    },
    'several tables in one statement': {
      prepare: shelf,
      write: `with renamed as (update album set title = 'sky' where id = 1),
                   played as (update track set plays = 7 where id = 2)
              insert into credit (name, place, role, "trackId") values ('cy', 3, 'drums', 2)`,
      events: {
        'album-1': [
          `updated CreditCreated ${credit('cy:3')}`,
          'updated TrackUpdated tracks[2]:plays',
          'updated AlbumUpdated title',
        ],
      },
    },
    'TRUNCATE of everything': {
      prepare: shelf,
      write: `truncate album cascade`,
      events: {
        'album-1': [
          'deleted AlbumDeleted',
          'updated TrackDeleted tracks.credits[ann:1]:gone tracks.credits[b%3Ab:2]:gone tracks[1]:gone',
          'updated TrackDeleted tracks[2]:gone',
          `updated CoverDeleted cover[${cover}]:gone`,
          'updated AlbumGenresDeleted genres[1:jazz]:gone',
          'updated CreditDeleted tracks.credits[ann:1]:gone',
          'updated CreditDeleted tracks.credits[b%3Ab:2]:gone',
        ],
        'album-2': [
          'deleted AlbumDeleted',
          'updated TrackDeleted tracks[3]:gone',
          'updated AlbumGenresDeleted genres[2:pop]:gone',
        ],
      },
    },
  });
});
