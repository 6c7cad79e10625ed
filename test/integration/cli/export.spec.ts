import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createBackstory } from '@backstory/adapter';
import { Subject } from '../../library/entities.js';
import { type Library, openLibrary } from '../../library/open-library.js';
import { runOnLibrary } from '../../library/run-on-library.js';
import { exportFolder, type ExportFolder } from '../files/export-folder.js';

describe('backstory export and import', () => {
  let library: Library;
  let folder: ExportFolder;

  beforeEach(async () => {
    library = await openLibrary();
    folder = await exportFolder();
    process.env['LIBRARY_URL'] = library.url;
    jest.resetModules();
    const backstory = await createBackstory(library.dataSource, { aggregates: [Subject] });
    await library.dataSource.manager.insert(Subject, { code: 'fiction', label: 'n 0' });
    for (let n = 1; n < 30; n++)
      await library.dataSource.manager.update(Subject, 'fiction', { label: `n ${n}` });
    await backstory.close();
  });

  afterEach(async () => {
    await library.close();
    await folder.remove();
  });

  const rows = (out: string): string[] => out.split('\n').map((line) => line.replace(/\s+/g, ' ').trim());

  it('write files, compare them, drop what they have and bring it back', async () => {
    const { path } = folder;
    const written = await runOnLibrary('export', path);
    expect(written).toMatchObject({
      code: 0,
      out: 'Exported 30 events in 1 files. The export is complete up to position 30 of the log.\n',
      err: expect.stringContaining(`Next: npx backstory export ${path} --check`),
    });
    expect(await runOnLibrary('export', path, '--check')).toMatchObject({
      code: 0,
      out: expect.stringContaining('30 of them are in the log as they are in the files'),
    });
    await runOnLibrary('archive', '--before', '2999-01-01');
    const dry = await runOnLibrary('archive', '--drop-exported', path, '--dry-run');
    expect(rows(dry.out)).toEqual(expect.arrayContaining(['subject 30 1 0']));
    expect((await runOnLibrary('archive', 'subject', '--drop-exported', path)).code).toBe(0);
    expect((await runOnLibrary('verify')).code).toBe(0);
    const lost = await runOnLibrary('history', 'subject', 'fiction', '--version', '3', '--state');
    expect(lost).toMatchObject({ code: 1, err: expect.stringContaining('npx backstory import') });
    const past = await runOnLibrary(
      'history',
      'subject',
      'fiction',
      '--version',
      '3',
      '--from',
      path,
      '--state',
    );
    expect(past).toMatchObject({ code: 0, out: expect.stringContaining('label: "n 2"') });
    const history = await runOnLibrary('history', 'subject', 'fiction', '--from', path, '--last', '2');
    expect(history.err).toContain('The export goes up to position 30 of the log');
    expect(rows(history.out)).toEqual(expect.arrayContaining(['label: "n 28"', 'label: "n 29"']));
    const back = await runOnLibrary('import', path, 'subject');
    expect(back.code).toBe(0);
    expect(rows(back.out)).toEqual(expect.arrayContaining(['subject 30 1 0 0']));
    expect((await runOnLibrary('verify')).code).toBe(0);
    expect((await runOnLibrary('history', 'subject', 'fiction', '--version', '3', '--state')).code).toBe(0);
  });

  it('say with their exit codes what is wrong', async () => {
    const { path } = folder;
    expect(await runOnLibrary('export', path, '--check')).toMatchObject({
      code: 1,
      err: expect.stringContaining('There is no manifest.json'),
    });
    expect((await runOnLibrary('export', path, '--format', 'csv')).err).toContain('"csv" is no format');
    await runOnLibrary('export', path, '--format', 'parquet', '--json');
    const [name] = Object.keys(await folder.hashes());
    await writeFile(join(path, name!), 'PAR1');
    expect(await runOnLibrary('export', path, '--check')).toMatchObject({
      code: 2,
      out: expect.stringContaining(`${name!}: ${name!} (subject, `),
    });
    expect(await runOnLibrary('import', path)).toMatchObject({
      code: 1,
      err: expect.stringContaining(name!),
    });
  });
});
