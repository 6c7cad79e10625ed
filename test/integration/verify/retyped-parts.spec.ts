import { types } from 'pg';
import { DataSource, EntitySchema } from 'typeorm';
import type { EntityMapping, PartMapping } from '../../../packages/adapter/src/mapping/index.js';
import { compareReplay } from '../../../packages/adapter/src/shadow/compare-replay.js';
import { requireMappings } from '../../../packages/adapter/src/entities/require-mappings.js';
import { poolDatabase } from '../../../packages/adapter/src/connections/pool-database.js';
import { poolOf } from '../../../packages/adapter/src/connections/pg-pool.js';
import { verifyAggregate } from '../../../packages/adapter/src/verify/verify.js';
import { type History, openHistory } from '../../values/history.js';

const basket = (id: 'int' | 'bigint', amount: 'varchar' | 'int'): EntitySchema[] => [
  new EntitySchema({
    name: 'Basket',
    columns: { id: { type: id, primary: true } },
    relations: { lines: { type: 'one-to-many', target: 'Line', inverseSide: 'basket' } } as never,
  }),
  new EntitySchema({
    name: 'Line',
    columns: { id: { type: 'int', primary: true }, amount: { type: amount, nullable: true } },
    relations: { basket: { type: 'many-to-one', target: 'Basket' } } as never,
  }),
];

const selection = { aggregates: [{ entity: 'Basket', owns: ['lines'] }] };

describe('an owned table whose columns have another type today', () => {
  let history: History;
  let dataSource: DataSource;

  beforeAll(async () => {
    history = await openHistory({ entities: basket('int', 'varchar') }, selection);
    await history.dataSource.query('insert into basket (id) values (1)');
    await history.dataSource.query(
      `insert into line (id, amount, "basketId") values (1, '5', 1), (2, null, 1)`,
    );
    await history.dataSource.query(
      `alter table line alter column amount type int using amount::int, alter column "basketId" type bigint;
       alter table basket alter column id type bigint`,
    );
    dataSource = await new DataSource({
      type: 'postgres',
      url: history.url,
      entities: basket('bigint', 'int'),
    }).initialize();
  });

  afterAll(async () => {
    await dataSource.destroy();
    await history.close();
  });

  it('equals its places in the streams of today, until a value is another one', async () => {
    const database = poolDatabase(poolOf(dataSource));
    const [found] = await requireMappings(dataSource, database, selection);
    const former: Record<string, string> = {
      id: 'pg_catalog.int4',
      basketId: 'pg_catalog.int4',
      amount: 'pg_catalog."varchar"',
    };
    const retyped = <Mapping extends EntityMapping>(mapping: Mapping): Mapping => ({
      ...mapping,
      columns: mapping.columns.map((column) => ({
        ...column,
        formerTypes: [former[column.column]].filter((type) => type !== undefined),
      })),
    });
    const parts: PartMapping[] = [];
    const root: EntityMapping = { ...retyped(found as EntityMapping), parts };
    for (const part of (found as EntityMapping).parts)
      parts.push({ ...retyped(part), part: { ...part.part, root, parent: root } });
    const parsers = (typeOid: number): ((text: string) => unknown) => types.getTypeParser(typeOid, 'text');
    expect(await verifyAggregate(database, 'backstory', root)).toMatchObject({ drifted: 0, drift: [] });
    expect((await compareReplay(database, 'backstory', root, ['1'], parsers)).drifts).toEqual([]);
    await dataSource.query(
      'begin; set local session_replication_role = replica; update line set amount = 6 where id = 1; commit',
    );
    const differing = [{ part: { path: 'lines', id: '1' }, kind: 'value' }];
    const { drift } = await verifyAggregate(database, 'backstory', root);
    expect(drift).toMatchObject(differing);
    expect(drift[0]?.properties).toEqual({ amount: { row: 6, replay: 5 } });
    expect((await compareReplay(database, 'backstory', root, ['1'], parsers)).drifts).toMatchObject(
      differing,
    );
  });
});
