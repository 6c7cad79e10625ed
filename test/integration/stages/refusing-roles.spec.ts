import { createBackstory, type Finding } from '@backstory/adapter';
import { DataSource } from 'typeorm';
import { Customer, expectSound, openShop, Order, type Shop, shopOptions } from '../commands/shop.js';
import { Author, Work } from '../../library/entities.js';
import { openLibrary } from '../../library/open-library.js';

/** What is wrong with the set-up, without what was proven. */
const faultsOf = async ({ backstory }: Shop): Promise<Finding[]> =>
  // of the aggregate: the role of one test has been granted more than it needs, which is said, too
  (await backstory.doctor()).filter(({ proof, aggregate }) => !proof && aggregate !== undefined);

const refusedSql = { code: '23001', constraint: 'backstory_residual' };

describe('of some roles only', () => {
  const name = `refused_${process.pid}_${Date.now()}`;
  let shop: Shop;

  const connect = (role: string): Promise<DataSource> => {
    const url = new URL(shop.url);
    url.username = role;
    url.password = 'x';
    return new DataSource({ type: 'postgres', url: url.href, entities: [Customer, Order] }).initialize();
  };

  beforeAll(async () => {
    shop = await openShop();
    await shop.backstory.backfill();
    await shop.dataSource
      .query(`create role ${name}; create role ${name}_login login password 'x' in role ${name};
      create role ${name}_other login password 'x';
      grant select, insert, update, delete on orders, customer to ${name}, ${name}_other`);
    await shop.backstory.stages.set('order', 'events', { force: true, residual: { refuse: [name] } });
  });

  afterAll(async () => {
    await expectSound(shop);
    const roles = `${name}, ${name}_login, ${name}_other`;
    await shop.dataSource.query(`drop owned by ${roles}; drop role ${roles}`);
    await shop.close();
  });

  it('refuses their members, and those that have taken the role', async () => {
    const update = `update orders set total = total + 1 where id = 1`;
    const login = await connect(`${name}_login`);
    const other = await connect(`${name}_other`);
    try {
      await expect(login.query(update)).rejects.toMatchObject(refusedSql);
      await expect(login.query(`/*backstory {"actor":"x"}*/ ${update}`)).rejects.toMatchObject(refusedSql);
      await other.query(update);
      await shop.dataSource.query(update);
      await expect(
        shop.dataSource.transaction(async (manager) => {
          await manager.query(`set local role ${name}`);
          await manager.query(update);
        }),
      ).rejects.toMatchObject(refusedSql);
    } finally {
      await login.destroy();
      await other.destroy();
    }
    const [order] = (await shop.backstory.status()).filter(({ category }) => category === 'order');
    expect(order?.residual).toMatchObject({ policy: { refuse: [name] }, captured: 2 });
  });

  it('doctor names a role that is gone', async () => {
    await shop.dataSource.query(`create role ${name}_gone`);
    await shop.backstory.stages.set('order', 'events', { residual: { refuse: [`${name}_gone`] } });
    await shop.dataSource.query(`drop role ${name}_gone`);
    expect(await faultsOf(shop)).toMatchObject([
      { severity: 'fault', aggregate: 'order', problem: expect.stringContaining(`${name}_gone`) as string },
    ]);
    await shop.backstory.stages.set('order', 'events', { residual: { refuse: [name] } });
  });
});

describe('a role that may not make functions', () => {
  const role = `stages_only_${process.pid}_${Date.now()}`;
  it('can let others write, and can not have them refused', async () => {
    const shop = await openShop();
    await shop.backstory.backfill();
    await shop.dataSource.query(`create role ${role} login password 'x';
      grant select, insert, update, delete on orders, customer to ${role};
      grant usage on schema backstory to ${role}; grant select on all tables in schema backstory to ${role};
      grant execute on all routines in schema backstory to ${role};
      grant insert, update, delete on backstory.stages, backstory.stage_changes to ${role}`);
    const url = new URL(shop.url);
    url.username = role;
    url.password = 'x';
    const dataSource = await new DataSource({
      type: 'postgres',
      url: url.href,
      entities: [Customer, Order],
    }).initialize();
    const backstory = await createBackstory(dataSource, { ...shopOptions, install: 'check' });
    const update = `update orders set total = total + 1`;
    try {
      await expect(
        backstory.stages.set('order', 'events', { force: true, residual: 'refuse' }),
      ).rejects.toMatchObject({ code: 'CAPTURE_REFUSED' });
      expect(await backstory.stages.get('order')).toBe('capture');
      await shop.backstory.stages.set('order', 'events', { force: true, residual: 'refuse' });
      await expect(dataSource.query(update)).rejects.toMatchObject(refusedSql);
      await backstory.stages.set('order', 'events', { residual: 'allow' });
      await dataSource.query(update);
      expect(await faultsOf(shop)).toMatchObject([{ severity: 'hint', aggregate: 'order' }]);
      await shop.backstory.install();
      expect(await faultsOf(shop)).toEqual([]);
      await shop.backstory.stages.set('order', 'events', { residual: 'refuse' });
      await backstory.stages.set('order', 'replay');
      await dataSource.query(update);
    } finally {
      await backstory.close();
      await dataSource.destroy();
      await expectSound(shop);
      await shop.dataSource.query(`drop owned by ${role}; drop role ${role}`);
      await shop.close();
    }
  });
});

describe('aggregates of several tables', () => {
  it('are closed in each of them', async () => {
    const library = await openLibrary();
    const backstory = await createBackstory(library.dataSource, {
      aggregates: ['all', { entity: Author, owns: ['works'] }],
    });
    try {
      const { manager } = library.dataSource;
      await manager.insert(Author, { name: 'a', home: {} });
      await manager.save(Work, { title: 'w', author: { id: 1 } });
      await backstory.stages.set('author', 'events', { force: true, residual: 'refuse' });
      for (const write of [
        `update work set title = 'x'`,
        `delete from work`,
        `insert into work (kind, title, "authorId") values ('Work', 'v', 1)`,
        `truncate work cascade`,
        `update author set name = 'x'`,
      ])
        await expect(manager.query(write)).rejects.toMatchObject({ ...refusedSql, detail: 'author 1' });
      await manager.query(`update work set title = title`);
      await backstory.stages.set('author', 'replay');
      await manager.query(`update work set title = 'x'`);
      expect(await backstory.verify()).toMatchObject({ clean: true });
    } finally {
      await backstory.close();
      await library.close();
    }
  });
});
