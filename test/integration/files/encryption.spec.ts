import { randomBytes } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { environmentKeys } from '@backstory/adapter';
import { Customer, openPeople, type People, Purchase } from '../erasure/people.js';
import { exportFolder, type ExportFolder } from './export-folder.js';

const variable = 'BACKSTORY_KEYS_OF_EXPORT_SPEC';

describe('an encrypted export', () => {
  let people: People;
  let folder: ExportFolder;

  beforeEach(async () => {
    process.env[variable] = randomBytes(32).toString('base64');
    people = await openPeople({ encryption: { keys: environmentKeys(variable) } });
    folder = await exportFolder();
    const { manager } = people.dataSource;
    await manager.insert(
      Customer,
      [1, 2].map((id) => ({ id, name: `secret-${id}` })),
    );
    await manager.update(Customer, 1, { name: 'secret-later' });
    await manager.save(Purchase, {
      id: 7,
      shipTo: 'secret-street',
      customer: { id: 1 },
      total: 3,
      lines: [],
    });
  });

  afterEach(async () => {
    await people.close();
    await folder.remove();
    delete process.env[variable];
  });

  async function text(): Promise<string> {
    const found = await readdir(folder.path, { recursive: true });
    const files = found.filter((name) => name.endsWith('.gz'));
    const bodies = await Promise.all(files.map((name) => readFile(join(folder.path, name))));
    return bodies.map((body) => gunzipSync(body).toString()).join('');
  }

  it.each(['ndjson', 'parquet'] as const)(
    'shows nobody what is personal but who has the keys (%s)',
    async (format) => {
      const { backstory } = people;
      const before = await backstory.history('customer', '1');
      await backstory.files.export(folder.path, { encrypt: true, format });
      if (format === 'ndjson') {
        expect(await text()).toContain('"$encrypted"');
        expect(await text()).not.toContain('secret');
      }
      const { events } = await backstory.files.history(folder.path, 'customer', '1');
      expect(events.map(({ data }) => data)).toEqual(before.map(({ data }) => data));
      expect(await backstory.files.check(folder.path)).toMatchObject({
        clean: true,
        log: { onlyInFiles: 0 },
      });
    },
  );

  it('is read by nobody any more once its subject is erased, but for what is of others', async () => {
    const { backstory } = people;
    await backstory.files.export(folder.path, { encrypt: true });
    await backstory.erasure.eraseSubject('customer:1');
    const { events } = await backstory.files.history(folder.path, 'customer', '1');
    expect(events.map(({ data }) => data['name'])).toEqual([null, null]);
    expect(events.map(({ metadata }) => metadata.erased)).toEqual([
      expect.arrayContaining(['name']),
      expect.arrayContaining(['name']),
    ]);
    const purchase = await backstory.files.history(folder.path, 'purchase', '7');
    expect(purchase.events[0]?.data).toMatchObject({ shipTo: null, total: 3 });
    const others = await backstory.files.history(folder.path, 'customer', '2');
    expect(others.events[0]?.data).toMatchObject({ name: 'secret-2' });
  });

  it('is neither imported nor dropped for, nor gone on with in plain text', async () => {
    const { files } = people.backstory;
    await files.export(folder.path, { encrypt: true });
    await expect(files.import(folder.path)).rejects.toThrow("An encrypted export can't be imported");
    await expect(files.drop(folder.path)).rejects.toMatchObject({ code: 'INVALID_OPTIONS' });
    await expect(files.export(folder.path)).rejects.toThrow('was begun encrypted');
  });
});
