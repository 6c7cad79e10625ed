import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Customer, openPeople, type People } from './people.js';

describe('erasure of a log that is sealed', () => {
  let people: People;
  let folder: string;
  let digest: string;

  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), 'digests-'));
    digest = join(folder, 'digests.jsonl');
    people = await openPeople({
      aggregates: [{ entity: Customer, personal: ['name', 'email', 'settings'] }],
    });
    const { manager } = people.dataSource;
    await manager.insert(Customer, [
      { id: 42, name: 'Ada Lovelace', email: 'ada@example.org' },
      { id: 7, name: 'Charles Babbage', email: 'charles@example.org' },
    ]);
    await people.backstory.runInContext({ actor: 'clerk ada' }, () =>
      manager.update(Customer, 42, { name: 'Ada King' }),
    );
    await manager.update(Customer, 7, { name: 'C. Babbage' });
    await people.backstory.seals.seal({ digest, blockSize: 3 });
  });

  afterEach(async () => {
    await people.close();
    rmSync(folder, { recursive: true });
  });

  it('leaves it verifiable, without the salts of what was erased, also what is sealed later', async () => {
    const { backstory, dataSource } = people;
    await backstory.erase(Customer, '42', { reason: 'asked for' });
    expect(await backstory.seals.verify({ digest })).toMatchObject({ clean: true, erased: 2 });
    const salts = await people.query(
      `select from backstory.event_commitments c join backstory.events e using (global_position) where e.stream_id = '42' and c.salt is not null`,
    );
    expect(salts).toEqual([]);
    await dataSource.manager.update(Customer, 42, { name: 'Ada Byron' });
    await backstory.seals.seal({ digest, blockSize: 3 });
    await backstory.erase(Customer, '42', { reason: 'asked for again' });
    expect(await backstory.seals.verify({ digest })).toMatchObject({ clean: true, erased: 3 });
    expect(await backstory.verify()).toMatchObject({ clean: true });
  });

  it('of who has done it is accepted, too', async () => {
    const { backstory } = people;
    await backstory.erase(Customer, '42', {
      properties: ['settings'],
      actor: true,
      reason: 'an employee has left',
    });
    expect((await backstory.history('customer', '42'))[1]?.metadata).toMatchObject({ actor: 'erased' });
    expect(await backstory.seals.verify({ digest })).toMatchObject({ clean: true, erased: 2 });
  });

  it('of archived events, whatever order they were sealed, archived and erased in', async () => {
    const { backstory, dataSource } = people;
    await dataSource.manager.delete(Customer, 42);
    await backstory.seals.seal({ digest, blockSize: 3 });
    await backstory.archive.move({ before: new Date(Date.now() + 60_000), events: 2 });
    await backstory.erase(Customer, '42', { reason: 'asked for' });
    const [left] = await people.query(
      `select count(*)::integer as count from backstory.archived_events where data::text like '%Ada%' or metadata::text like '%Ada%'`,
    );
    expect(left).toEqual({ count: 0 });
    expect(await backstory.seals.verify({ digest })).toMatchObject({ clean: true });
    expect(await backstory.verify()).toMatchObject({ clean: true });
  });

  it('refuses every other change of what is archived', async () => {
    await people.backstory.archive.move({ before: new Date(Date.now() + 60_000), events: 2 });
    for (const change of [`data = '{"name":"forged"}'`, `type = 'Forged'`, `recorded_at = now()`])
      await expect(
        people.dataSource.transaction(async (manager) => {
          await manager.query(`set local backstory.erasing = 'on'`);
          await manager.query(`update backstory.archived_events set ${change}`);
        }),
      ).rejects.toThrow(/an UPDATE that does more than erase values is refused/);
  });
});
