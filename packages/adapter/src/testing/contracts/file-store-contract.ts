import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import type { FileStore } from '../../files/index.js';
import { type ContractOptions, declareContract, type Demands } from './declare-contract.js';

/** A store that was made anew, as after a restart, for the place where it has always been. */
export interface FileStoreUnderTest {
  readonly store: FileStore;
  readonly close?: () => Promise<void>;
}

/**
 * What exports rely on, as tests: `folderFiles` passes; run it on a store of your own, such as a bucket's.
 * @param open - called once or twice for each test. Names are new ones each time, so the store needs no emptying
 * @example fileStoreContract('our bucket', async () => ({ store }))
 */
export function fileStoreContract(
  name: string,
  open: () => Promise<FileStoreUnderTest>,
  framework: ContractOptions = {},
): void {
  declareContract(`${name} as a file store`, always, framework, async (body) => {
    const opened: FileStoreUnderTest[] = [];
    const next = async (): Promise<FileStore> => {
      const subject = await open();
      opened.push(subject);
      return subject.store;
    };
    try {
      await body(next);
    } finally {
      for (const { close } of opened) await close?.();
    }
  });
}

/** More than a bucket lists at once. */
const many = 1_050;

const always: Demands<() => Promise<FileStore>> = {
  'has nothing where nothing was put': async (open) => {
    const [store, folder] = [await open(), newFolder()];
    assert.equal(await store.get(`${folder}/manifest.json`), undefined);
    assert.deepEqual([...(await store.list(`${folder}/`))], []);
  },

  'gives back what was put, to the byte, also after a restart': async (open) => {
    const [store, folder] = [await open(), newFolder()];
    const bodies = {
      'every byte': Uint8Array.from({ length: 256 }, (_, byte) => byte),
      empty: new Uint8Array(),
      large: randomBytes(3_000_000),
    };
    for (const [each, body] of Object.entries(bodies)) await store.put(nameOf(folder, each), body);
    const again = await open();
    for (const [each, body] of Object.entries(bodies)) {
      assertSame(await store.get(nameOf(folder, each)), body, each);
      assertSame(await again.get(nameOf(folder, each)), body, each);
    }
  },

  'replaces what has that name, whole': async (open) => {
    const [store, name] = [await open(), `${newFolder()}/manifest.json`];
    await store.put(name, Buffer.from('{"to":"1000000"}'));
    await store.put(name, Buffer.from('{}'));
    assertSame(await store.get(name), Buffer.from('{}'), name);
  },

  'lists the names that begin so, and no others': async (open) => {
    const [store, folder] = [await open(), newFolder()];
    const names = [
      'category=order/month=2026-10/part-1',
      'category=order/month=2026-11/part-1',
      'category=orderly/part-1',
    ];
    for (const name of names) await store.put(`${folder}/${name}`, Buffer.from(name));
    const listed = async (prefix: string): Promise<string[]> =>
      [...(await store.list(`${folder}/${prefix}`))].map((name) => name.slice(folder.length + 1)).sort();
    assert.deepEqual(await listed(''), names);
    assert.deepEqual(await listed('category=order'), names);
    assert.deepEqual(await listed('category=order/'), names.slice(0, 2));
    assert.deepEqual(await listed('category=order/month=2026-1'), names.slice(0, 2));
    assert.deepEqual(await listed('category=invoice/'), []);
  },

  [`lists all of ${many} files, of which 50 at a time were put`]: async (open) => {
    const [store, folder] = [await open(), newFolder()];
    const names = Array.from({ length: many }, (_, index) => nameOf(folder, String(index).padStart(4, '0')));
    for (let first = 0; first < many; first += 50)
      await Promise.all(names.slice(first, first + 50).map((name) => store.put(name, Buffer.from(name))));
    assert.deepEqual([...(await store.list(`${folder}/`))].sort(), names);
  },
};

function newFolder(): string {
  return `contract-${randomBytes(8).toString('hex')}`;
}

function nameOf(folder: string, part: string): string {
  return `${folder}/category=order/month=2026-11/part-${part.replaceAll(' ', '-')}.ndjson.gz`;
}

function assertSame(actual: Uint8Array | undefined, expected: Uint8Array, what: string): void {
  assert.ok(actual, `${what} is not there`);
  assert.ok(Buffer.from(actual).equals(expected), `${what} has come back as something else`);
}
