import type { EntityManager } from 'typeorm';
import { Author, Novel, Recording, Shelf, Subject } from './entities.js';

/** Six authors, the last soft-deleted, each with a novel and a recording; two subjects; a shelf. */
export async function fillLibrary(manager: EntityManager): Promise<void> {
  const subjects = await manager.save([
    manager.create(Subject, { code: 'a', label: 'A' }),
    manager.create(Subject, { code: 'b', label: 'B' }),
  ]);
  for (let n = 0; n < 6; n++) {
    await manager.save(
      manager.create(Author, {
        name: `Author ${n}`,
        followers: '9007199254740993',
        home: { city: `City ${n}`, street: null },
        preferences: { n },
        born: '1950-02-28',
        pseudonyms: ['x', 'y'],
        works: [
          manager.create(Novel, { title: `Novel ${n}`, price: 100 * n, subjects }),
          manager.create(Recording, { title: `Recording ${n}`, duration: '90 seconds', subjects: [] }),
        ],
      }),
    );
    await manager.update(Author, { name: `Author ${n}` }, { home: { street: `Street ${n}` } });
  }
  await manager.softDelete(Author, { name: 'Author 5' });
  await manager.save(Shelf, {
    room: 'a:%',
    number: 1,
    barcode: Buffer.from('é'),
    dusted: new Date(12_345),
  });
}
