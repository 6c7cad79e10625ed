import { readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { gunzipSync, gzipSync } from 'node:zlib';
import type { Backstory } from '@backstory/adapter';
import { Author, Subject } from '../../library/entities.js';
import { unseen } from '../../library/unseen.js';
import { openSubjects, type Subjects } from '../archive/subjects.js';
import { exportFolder, type ExportFolder } from './export-folder.js';

const month = new Date().toISOString().slice(0, 7);

describe('an export of the log', () => {
  let subjects: Subjects;
  let backstory: Backstory;
  let folder: ExportFolder;

  beforeEach(async () => {
    subjects = await openSubjects();
    ({ backstory } = subjects);
    folder = await exportFolder();
  });

  afterEach(async () => {
    await subjects.close();
    await folder.remove();
  });

  const file = (first: number, extension = 'ndjson.gz'): string =>
    join(folder.path, `category=subject/month=${month}/part-${String(first).padStart(15, '0')}.${extension}`);

  it('has every event in a file of its category and month, as the log has it', async () => {
    await subjects.relabel('fiction', 2);
    await backstory.seals.seal();
    const report = await backstory.files.export(folder.path);
    expect(report).toEqual({ events: 3, files: 1, to: '3', newest: '3' });
    const text = gunzipSync(await readFile(file(1))).toString();
    const lines = text
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as Record<string, unknown>);
    expect(lines).toMatchObject([
      {
        global_position: 1,
        stream_position: 1,
        category: 'subject',
        stream_id: 'fiction',
        change: 'c',
        type: 'SubjectCreated',
        data: { code: 'fiction', label: 'n 0' },
      },
      { global_position: 2, stream_position: 2, change: 'u', data: { label: 'n 1' } },
      { global_position: 3, data: { label: 'n 2' }, metadata: {} },
    ]);
    const [{ at }] = await subjects.library.dataSource.query(
      `select to_char(recorded_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') as at from backstory.events where global_position = 2`,
    );
    expect(lines[1]!['recorded_at']).toBe(at);
    const manifest = await folder.manifest();
    expect(manifest).toMatchObject({ format: 'backstory-export-1', to: '3', seal: { block: 1, to: '3' } });
    expect(manifest.stretches).toMatchObject([
      {
        from: '1',
        to: '3',
        gaps: '',
        files: [{ category: 'subject', month, events: 3, first: '1', last: '3' }],
      },
    ]);
    expect(await backstory.files.check(folder.path)).toEqual({
      clean: true,
      files: 1,
      events: 3,
      to: '3',
      log: { same: 3, onlyInFiles: 0 },
      differing: 0,
      differences: [],
    });
  });

  it('goes on where it was, and has each event once', async () => {
    await subjects.relabel('fiction', 2);
    await backstory.files.export(folder.path);
    expect(await backstory.files.export(folder.path)).toMatchObject({ events: 0, files: 0, to: '3' });
    await subjects.relabel('poetry', 1);
    expect(await backstory.files.export(folder.path)).toMatchObject({ events: 2, files: 1, to: '5' });
    expect(await backstory.files.check(folder.path)).toMatchObject({ clean: true, files: 2, events: 5 });
  });

  it('says which positions the log has not, and leaves no event of an open transaction out', async () => {
    const { dataSource } = subjects.library;
    await subjects.relabel('fiction', 1);
    await dataSource
      .transaction((manager) =>
        manager.insert(Subject, { code: 'lost', label: 'x' }).then(() => Promise.reject(new Error('back'))),
      )
      .catch(() => undefined);
    await subjects.relabel('poetry', 0);
    const open = dataSource.createQueryRunner();
    await open.connect();
    await open.startTransaction();
    await open.manager.insert(Subject, { code: 'late', label: 'late' });
    await subjects.relabel('drama', 0);
    expect(await backstory.files.export(folder.path, { patienceMs: 50 })).toMatchObject({
      events: 2,
      to: '2',
      newest: '6',
    });
    await open.commitTransaction();
    await open.release();
    expect(await backstory.files.export(folder.path)).toMatchObject({ events: 3, to: '6' });
    expect((await folder.manifest()).stretches).toMatchObject([
      { gaps: '' },
      { from: '3', to: '6', gaps: '3' },
    ]);
    expect(await backstory.files.check(folder.path)).toMatchObject({ clean: true, events: 5 });
  });

  it.each(['ndjson', 'parquet'] as const)('keeps texts to the letter, as %s', async (format) => {
    const { dataSource } = subjects.library;
    await subjects.relabel('fi"c,"data":{}\\ \u2028\n😀', 1);
    await unseen(
      dataSource,
      `insert into backstory.events (stream_position, change, category, stream_id, type, data, metadata)
       values (1, 'c', 'subject', 'odd', 'SubjectCreated', E'{ "code":\\n "odd",\\r\\n "label" : 1.50,"data":"\\\\ud83d" , "x": 1e400}', '{"data":1,"a": ",\\"data\\":"}')`,
    );
    await backstory.files.export(folder.path, { format });
    expect(await backstory.files.check(folder.path)).toMatchObject({
      clean: true,
      events: 3,
      log: { same: 3 },
    });
  });

  it('names a file that was changed, that is missing, or that nobody knows', async () => {
    await subjects.relabel('fiction', 1);
    await backstory.files.export(folder.path);
    await subjects.relabel('poetry', 1);
    await backstory.files.export(folder.path);
    const body = await readFile(file(1));
    await writeFile(file(1), gzipSync(gunzipSync(body).toString().replace('n 1', 'n 9')));
    await rename(file(3), file(9));
    const report = await backstory.files.check(folder.path);
    expect(report).toMatchObject({ clean: false, files: 0, differing: 3 });
    expect(
      report.differences.map(({ kind, file: name, problem }) => [kind, name?.slice(-25), problem]),
    ).toEqual([
      [
        'file',
        'part-000000000000009.ndjson.gz'.slice(-25),
        expect.stringContaining('is not in the manifest'),
      ],
      [
        'file',
        'part-000000000000001.ndjson.gz'.slice(-25),
        expect.stringContaining('its SHA-256 is another one'),
      ],
      ['file', 'part-000000000000003.ndjson.gz'.slice(-25), expect.stringContaining('is missing')],
    ]);
    await expect(backstory.files.import(folder.path)).rejects.toMatchObject({
      code: 'EXPORT_UNREADABLE',
      message: expect.stringContaining('part-000000000000001'),
    });
  });

  it('says what the log has otherwise: another event, one more, one less', async () => {
    await subjects.relabel('fiction', 3);
    await backstory.files.export(folder.path);
    const { dataSource } = subjects.library;
    await unseen(
      dataSource,
      `update backstory.events set data = '{"label":"forged"}' where global_position = 2`,
    );
    await unseen(dataSource, `delete from backstory.events where global_position = 3`);
    const { clean, differences, log } = await backstory.files.check(folder.path);
    expect({ clean, log }).toEqual({ clean: false, log: { same: 2, onlyInFiles: 0 } });
    expect(differences).toEqual([
      { kind: 'event', position: '2', event: 'subject-fiction@2', problem: 'is another one in the log' },
      {
        kind: 'event',
        position: '3',
        event: 'subject-fiction@3',
        problem: expect.stringContaining('not in the log any more'),
      },
    ]);
  });

  it('names what was erased since: the files still have it', async () => {
    await subjects.relabel('fiction', 1);
    await backstory.files.export(folder.path);
    await backstory.erase('subject', 'fiction', { properties: ['label'] });
    const { differences } = await backstory.files.check(folder.path);
    expect(differences.map(({ kind, position }) => [kind, position])).toEqual([
      ['erased', '1'],
      ['erased', '2'],
    ]);
  });

  it('is refused to go on otherwise than it was begun, or beside a log that has lost what it has', async () => {
    await subjects.relabel('fiction', 3);
    await backstory.files.export(folder.path);
    await expect(backstory.files.export(folder.path, { format: 'parquet' })).rejects.toMatchObject({
      code: 'INVALID_OPTIONS',
      message: expect.stringContaining('was begun as ndjson'),
    });
    await expect(backstory.files.export(folder.path, { aggregates: ['subject'] })).rejects.toThrow(
      'of all categories',
    );
    const { dataSource } = subjects.library;
    // as a backup of before is restored, and the application goes on
    await unseen(dataSource, `delete from backstory.events where global_position > 2`);
    await unseen(
      dataSource,
      `select setval(pg_get_serial_sequence('backstory.events', 'global_position'), 2)`,
    );
    await dataSource.query(`delete from backstory.incarnation`);
    await unseen(
      dataSource,
      `insert into backstory.events (stream_position, change, category, stream_id, type, data) values (1, 'c', 'subject', 'x', 'SubjectCreated', '{}')`,
    );
    await expect(backstory.files.export(folder.path)).rejects.toMatchObject({ code: 'EXPORT_REFUSED' });
  });

  it('of some categories has no others', async () => {
    await subjects.relabel('fiction', 1);
    await subjects.library.dataSource.manager.insert(Author, { name: 'Ann' });
    await subjects.relabel('poetry', 0);
    await backstory.files.export(folder.path, { aggregates: ['Subject'] });
    expect((await readdir(folder.path)).sort()).toEqual(['category=subject', 'manifest.json']);
    await expect(backstory.files.export(folder.path, { aggregates: ['nothing'] })).rejects.toMatchObject({
      code: 'UNKNOWN_CATEGORY',
    });
    expect(await backstory.files.check(folder.path)).toMatchObject({
      clean: true,
      events: 3,
      log: { same: 3 },
    });
  });

  it('without a manifest is no export', async () => {
    await subjects.relabel('fiction', 1);
    await backstory.files.export(folder.path);
    await rm(join(folder.path, 'manifest.json'));
    await expect(backstory.files.check(folder.path)).rejects.toMatchObject({ code: 'EXPORT_UNREADABLE' });
  });
});
