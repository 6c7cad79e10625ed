import 'reflect-metadata';
import { createBackstory } from '@backstory/adapter';
import { createTestDatabase, describeServer } from '@backstory/test/postgres';
import { Column, Entity, Generated, PrimaryColumn, PrimaryGeneratedColumn, VirtualColumn } from 'typeorm';
import { type History, openHistory } from '../../values/history.js';

@Entity()
class Line {
  @PrimaryGeneratedColumn('identity', { generatedIdentity: 'ALWAYS' })
  id: number;

  @Column({ type: 'int' })
  quantity: number;

  @Column({ type: 'numeric', precision: 10, scale: 2 })
  price: string;

  @Column({ type: 'numeric', generatedType: 'STORED', asExpression: 'quantity * price', nullable: true })
  total: string;

  @Column({ type: 'text', nullable: true, select: false })
  secret?: string | null;

  @Column({ type: 'text', nullable: true })
  internal: string | null;

  @Column({ type: 'uuid' })
  @Generated('uuid')
  token: string;

  @VirtualColumn({ query: (alias) => `select count(*)::text || ' lines' from line where id <= ${alias}.id` })
  rank: string;
}

@Entity()
class Person {
  @PrimaryColumn({ type: 'int' })
  id: number;

  @Column({ type: 'text', nullable: true })
  name: string | null;

  @Column({ type: 'text', insert: false, update: false, nullable: true })
  initial: string | null;
}

describe('columns that the application does not write', () => {
  let history: History | undefined;

  afterEach(async () => {
    await history?.close();
    history = undefined;
  });

  it('generated, identity, defaults, unselected, virtual, unknown and excluded ones', async () => {
    history = await openHistory(
      { entities: [Line], uuidExtension: 'pgcrypto' },
      { aggregates: [{ entity: Line, exclude: ['internal'], include: ['secret', 'token'] }] },
    );
    const { dataSource, backstory } = history;
    await dataSource.query(`alter table line add column unknown text default 'left alone',
      alter column quantity set default 7`);
    await dataSource.query(`insert into line (price, secret, internal) values (2.50, 's', 'i')`);
    await dataSource.manager.update(Line, { id: 1 }, { quantity: 3 });
    await dataSource.manager.update(Line, { id: 1 }, { internal: 'changed' });
    await dataSource.query(`update line set unknown = 'changed'`);
    const events = await backstory.history('line', '1');
    expect(events.map(({ data }) => data)).toEqual([
      { id: 1, quantity: 7, price: '2.50', total: '17.50', secret: 's', token: expect.any(String) as string },
      { quantity: 3, total: '7.50' },
    ]);

    await backstory.verify();
    await backstory.stages.set('line', 'replay', { force: true });
    const spoil = 'update line set quantity = 0, secret = null, internal = $1 where id = 1';
    const queryRunner = dataSource.createQueryRunner();
    await queryRunner.query('set session_replication_role = replica');
    await queryRunner.query(spoil, ['only in the table']);
    await queryRunner.query('reset session_replication_role');
    await queryRunner.release();
    const find = { select: { id: true, quantity: true, secret: true, internal: true, total: true } } as const;
    expect(await dataSource.manager.find(Line, find)).toEqual([
      { id: 1, quantity: 3, secret: 's', internal: 'only in the table', total: '7.50' },
    ]);
    const [line] = await dataSource.manager.find(Line);
    expect(line).toMatchObject({ quantity: 3, internal: 'only in the table', rank: '1 lines' });
    expect(Object.keys(line!)).not.toContain('secret');
    // no event has them, and TypeORM wouldn't select them
    expect(Object.keys((await backstory.load(Line, '1'))!).sort()).toEqual([
      'id',
      'price',
      'quantity',
      'token',
      'total',
    ]);
    // repair takes the spoiled columns from the table, and knows nothing of the excluded one
    const [report] = await backstory.repair();
    expect(Object.keys(report!.repaired[0]!.properties).sort()).toEqual(['quantity', 'secret', 'total']);
    expect((await backstory.verify()).clean).toBe(true);
  });

  it('an excluded column can be excluded later, and shadow and verify ignore it', async () => {
    history = await openHistory({ entities: [Person] });
    const { dataSource } = history;
    await dataSource.query(`insert into person values (1, 'Anna', 'A')`);
    await history.backstory.close();
    const backstory = await createBackstory(dataSource, {
      aggregates: [{ entity: Person, exclude: ['name'] }],
    });
    await dataSource.query(`update person set name = 'Berta'`);
    expect(await backstory.verify()).toMatchObject({ clean: true });
    await backstory.stages.set('person', 'shadow', { force: true });
    await dataSource.manager.find(Person);
    await backstory.shadowSettled();
    expect(await dataSource.query('select drifted::int from backstory.shadow_reads')).toEqual([
      { drifted: 0 },
    ]);
    await backstory.stages.set('person', 'replay', { force: true });
    expect(await dataSource.manager.find(Person)).toEqual([{ id: 1, name: 'Berta', initial: 'A' }]);
    await backstory.close();
  });

  it('virtual generated columns, which have no value in a trigger', async () => {
    const database = await createTestDatabase();
    const { version } = await describeServer(database.url);
    await database.drop();
    if (Number.parseInt(version, 10) < 18) return;
    history = await openHistory({
      entities: [Person],
      synchronize: false,
      sql: 'create table person (id int primary key, name text, initial text generated always as (left(name, 1)) virtual)',
    });
    await history.dataSource.query(`insert into person values (1, 'Anna')`);
    await history.dataSource.query(`update person set name = 'Berta'`);
    expect((await history.backstory.history('person', '1')).map(({ data }) => data)).toEqual([
      { id: 1, name: 'Anna' },
      { name: 'Berta' },
    ]);
    expect((await history.backstory.verify()).clean).toBe(true);
    await history.backstory.stages.set('person', 'replay', { force: true });
    expect(await history.dataSource.manager.find(Person)).toEqual([{ id: 1, name: 'Berta', initial: 'B' }]);
  });
});
