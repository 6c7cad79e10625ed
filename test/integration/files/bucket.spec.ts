import type { FileStore } from '@backstory/adapter';
import { fileStoreContract } from '@backstory/adapter/testing';
import { future, openSubjects, type Subjects } from '../archive/subjects.js';

/** A bucket that fails when it is told to, and keeps nothing of what failed. */
class Bucket implements FileStore {
  readonly objects = new Map<string, Uint8Array>();
  failing: string | undefined;

  put(name: string, body: Uint8Array): Promise<void> {
    if (this.failing !== undefined && name.includes(this.failing))
      return Promise.reject(new Error('SlowDown'));
    this.objects.set(name, Uint8Array.from(body));
    return Promise.resolve();
  }

  get(name: string): Promise<Uint8Array | undefined> {
    return Promise.resolve(this.objects.get(name));
  }

  list(prefix: string): Promise<string[]> {
    return Promise.resolve([...this.objects.keys()].filter((name) => name.startsWith(prefix)));
  }
}

const objects = new Bucket();
fileStoreContract('the bucket of this spec', () => Promise.resolve({ store: objects }));

describe('an export to a bucket', () => {
  let subjects: Subjects;

  beforeEach(async () => void (subjects = await openSubjects()));
  afterEach(() => subjects.close());

  it.each(['ndjson', 'parquet'] as const)(
    'goes on where it has failed, and comes back (%s)',
    async (format) => {
      const { backstory } = subjects;
      await subjects.relabel('fiction', 30);
      await backstory.archive.move({ before: future });
      const bucket = new Bucket();
      const options = { format, fileEvents: 10 };
      bucket.failing = 'part-000000000000021';
      await expect(backstory.files.export(bucket, options)).rejects.toThrow('SlowDown');
      bucket.failing = 'manifest.json';
      await expect(backstory.files.export(bucket, options)).rejects.toThrow('SlowDown');
      bucket.failing = undefined;
      expect(await backstory.files.export(bucket, options)).toMatchObject({ events: 11, to: '31' });
      expect(await backstory.files.check(bucket)).toMatchObject({ clean: true, events: 31 });
      expect(await backstory.files.drop(bucket)).toMatchObject([{ events: 31 }]);
      expect(await backstory.files.import(bucket)).toMatchObject([{ events: 31 }]);
      expect((await backstory.verify()).clean).toBe(true);
    },
  );
});
