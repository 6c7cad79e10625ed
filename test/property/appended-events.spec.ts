import { appendRandomly, Appended, expectEachOnce } from '../integration/appending/append-randomly.js';
import { type Depot, expectSound, openDepot, Parcel } from '../integration/appending/parcels.js';
import { seededRandom, seedOfRun } from '../library/random.js';

const seed = seedOfRun();

describe(`events appended between writes through every path, seed ${seed}`, () => {
  let depot: Depot;

  beforeEach(async () => {
    depot = await openDepot({}, { poolSize: 16 });
  });

  afterEach(() => depot.close());

  it('are each there once, change no state, and leave no hole: one writer, rows that go and come', async () => {
    const random = seededRandom(seed);
    const appended = new Appended();
    for (let turn = 0; turn < 250; turn++) await appendRandomly(depot, random, appended, true);
    await expectEachOnce(depot, appended);
    expect(appended.committed.size).toBeGreaterThan(50);
    await expectSound(depot);
    const found = [];
    for await (const parcel of depot.backstory.loadAll(Parcel)) found.push(parcel);
    expect(found).toEqual(await depot.dataSource.manager.find(Parcel, { order: { id: 1 } }));
  });

  it('and eight at once, beside the backfill: nobody deadlocks', async () => {
    const appended = new Appended();
    await Promise.all([
      depot.backstory.backfill({ chunkSize: 1 }),
      ...Array.from({ length: 8 }, async (_, writer) => {
        const random = seededRandom(seed + writer);
        for (let turn = 0; turn < 40; turn++) await appendRandomly(depot, random, appended, false);
      }),
    ]);
    await expectEachOnce(depot, appended);
    expect(appended.committed.size).toBeGreaterThan(100);
    await expectSound(depot);
  });
});
