import type { EntityManager } from 'typeorm';
import { Artist, Label, Painting, Reading, Room, Sculpture, Topic } from './gallery.js';

/** Four artists, the last soft-deleted, each with a painting and a sculpture in a tree of rooms. */
export async function fillGallery(manager: EntityManager): Promise<void> {
  const labels = await manager.save(['a', 'b'].map((code) => manager.create(Label, { code, text: code })));
  const house = await manager.save(manager.create(Room, { name: 'house' }));
  const hall = await manager.save(manager.create(Room, { name: 'hall', parent: house }));
  const niche = await manager.save(manager.create(Room, { name: 'niche', parent: hall }));
  const top = await manager.save(manager.create(Topic, { name: 'art' }));
  const old = await manager.save(manager.create(Topic, { name: 'old art', parent: top }));
  await manager.save(manager.create(Topic, { name: 'very old art', parent: old }));
  for (let n = 0; n < 4; n++) {
    const artist = await manager.save(manager.create(Artist, { name: `Artist ${n}`, phone: `0${n}` }));
    const common = { price: 100 * n + 5 };
    const pieces = await manager.save([
      manager.create(Painting, {
        ...common,
        title: `Painting ${n}`,
        size: { width: n / 3, unit: 'cm' },
        labels,
        room: hall,
        technique: 'oil',
        facts: { n, list: [1, null] },
      }),
      manager.create(Sculpture, {
        ...common,
        title: `Sculpture ${n}`,
        size: { width: null, unit: null },
        labels: [],
        room: niche,
        scan: Buffer.from([n, 255]),
      }),
    ]);
    await manager.createQueryBuilder().relation(Artist, 'pieces').of(artist).add(pieces);
  }
  await manager.softDelete(Artist, { name: 'Artist 3' });
  await manager.query(
    `insert into reading ("takenAt", sensor, celsius) values ('2026-01-02 03:04:05.678901+00', 'x', 20.1), ('2026-01-02 03:04:05.678902+00', 'x', 20.2)`,
  );
  await manager.findOneByOrFail(Reading, { celsius: 20.1 });
}
