import { mkdtempSync } from 'node:fs';
import { readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileStoreContract } from '../testing/index.js';
import { folderFiles } from './folder-files.js';

const folder = mkdtempSync(join(tmpdir(), 'backstory-files-'));
afterAll(() => rm(folder, { recursive: true }));

fileStoreContract('folderFiles', () => Promise.resolve({ store: folderFiles(folder) }));

describe('files in a folder', () => {
  it('are none where the folder is not there yet', async () => {
    const store = folderFiles(join(folder, 'later'));
    expect(await store.list('')).toEqual([]);
    await store.put('a/b', Buffer.from('b'));
    expect(await store.list('')).toEqual(['a/b']);
    expect(await readdir(join(folder, 'later/a'))).toEqual(['b']);
  });

  it('are not those that a crash has left unfinished', async () => {
    const store = folderFiles(join(folder, 'cut'));
    await store.put('whole', Buffer.from('1'));
    await writeFile(join(folder, 'cut', 'half.unfinished'), '1');
    expect(await store.list('')).toEqual(['whole']);
  });

  it('are in it', async () => {
    await expect(folderFiles(folder).get('../secret')).rejects.toMatchObject({ code: 'EXPORT_UNREADABLE' });
  });
});
