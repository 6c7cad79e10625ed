import { createBackstoryForTenants } from '@backstory/adapter';
import { EntitySchema } from 'typeorm';
import { asTenant, Tenancy } from './tenancy.js';

const Reading = new EntitySchema<{ at: Date; value: number }>({
  name: 'Reading',
  columns: { at: { type: 'timestamptz', primary: true }, value: { type: 'int' } },
});

describe('tenants whose tables differ in their keys', () => {
  it('are read as they are, with a word, and no query of one fails on what another needs', async () => {
    const tenancy = await Tenancy.create();
    const warnings: string[] = [];
    try {
      const dataSource = await tenancy.open({ entities: [Reading] });
      for (const [tenant, type] of [
        ['acme', 'timestamptz'],
        ['globex', 'timestamptz'],
        ['initech', 'text'],
      ] as const)
        await dataSource.query(`create schema ${tenant};
          create table ${tenant}.reading (at ${type} primary key, value int not null);
          insert into ${tenant}.reading values ('2026-01-01T00:00:00Z', 1)`);
      const tenants = await createBackstoryForTenants(dataSource, {
        tenants: ['acme', 'globex'],
        logger: { log: () => undefined, warn: (message) => void warnings.push(message) },
      });
      const replay = async (tenant: string): Promise<void> => {
        const backstory = await tenants.of(tenant);
        await backstory.backfill();
        await backstory.stages.set('reading', 'replay', { force: true });
      };
      const valueIn = (tenant: string): Promise<number | undefined> =>
        asTenant(dataSource, tenant, async (manager) => (await manager.find(Reading))[0]?.value);
      await replay('acme');
      await replay('globex');
      await dataSource.query(`set session_replication_role = replica;
        update acme.reading set value = 2; update globex.reading set value = 2; update initech.reading set value = 2;
        set session_replication_role = origin`);
      // a key that JavaScript can't read is asked for in the query, which finds the tenant's own
      expect([await valueIn('acme'), await valueIn('globex')]).toEqual([1, 1]);
      expect(warnings).toEqual([expect.stringContaining('initech')]);
      await tenants.of('initech');
      expect([await valueIn('acme'), await valueIn('globex'), await valueIn('initech')]).toEqual([2, 2, 2]);
      expect(warnings).toContainEqual(expect.stringMatching(/^The key of "Reading" is of other types/));
    } finally {
      await tenancy.close();
    }
  });
});
