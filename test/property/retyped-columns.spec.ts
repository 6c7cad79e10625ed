import { createBackstory } from '@backstory/adapter';
import { createTestDatabase, type TestDatabase } from '@backstory/test/postgres';
import fc from 'fast-check';
import { types } from 'pg';
import { DataSource, EntitySchema } from 'typeorm';
import type { Database } from '../../packages/adapter/src/database/index.js';
import type { Drift } from '../../packages/adapter/src/drift/index.js';
import type { EntityMapping } from '../../packages/adapter/src/mapping/index.js';
import { compareReplay } from '../../packages/adapter/src/shadow/compare-replay.js';
import { requireMappings } from '../../packages/adapter/src/entities/require-mappings.js';
import { poolDatabase } from '../../packages/adapter/src/connections/pool-database.js';
import { poolOf } from '../../packages/adapter/src/connections/pg-pool.js';
import { compareInNode } from '../../packages/adapter/src/verify/compare-in-node.js';
import { verifyAggregate } from '../../packages/adapter/src/verify/verify.js';
import { everything } from '../../packages/adapter/src/verify/verify-scope.js';
import { seedOfRun } from '../library/random.js';
import { type Retyping, retypings } from '../values/retypings.js';

const seed = seedOfRun();
const name = (index: number): string => `c${index}`;

/** Every change has a column. What TypeORM calls its type says nothing here. */
const Specimen = new EntitySchema<{ id: number }>({
  name: 'Specimen',
  columns: {
    id: { type: 'int', primary: true },
    ...Object.fromEntries(retypings.map((_, index) => [name(index), { type: 'text', nullable: true }])),
  } as never,
});

describe(`columns of another type today, seed ${seed}`, () => {
  let test: TestDatabase;
  let dataSource: DataSource;
  let database: Database;
  let mapping: EntityMapping;
  let written = 0;

  const insert = async (
    values: (retyping: Retyping) => fc.Arbitrary<string>,
    rows: number,
  ): Promise<void> => {
    const columns = retypings.map((_, index) => name(index));
    const sample = retypings.map((each, index) =>
      fc.sample(fc.option(values(each), { freq: 12 }), { numRuns: rows, seed: seed + index + written }),
    );
    for (let row = 0; row < rows; row++) {
      const parameters = columns.map((_, index) => `$${index + 2}`);
      await dataSource.query(
        `insert into specimen (id, ${columns.join(', ')}) values ($1, ${parameters.join(', ')})`,
        [++written, ...sample.map((column) => column[row] ?? null)],
      );
    }
  };

  const mapped = async (): Promise<EntityMapping> => {
    const [found] = await requireMappings(dataSource, database, {});
    return found as EntityMapping;
  };

  const install = async (): Promise<void> => {
    const backstory = await createBackstory(dataSource);
    await backstory.backfill();
    await backstory.close();
  };

  beforeAll(async () => {
    test = await createTestDatabase();
    dataSource = await new DataSource({ type: 'postgres', url: test.url, entities: [Specimen] }).initialize();
    await dataSource.query(`create type public.mood as enum ('sad', 'ok')`);
    const columns = retypings.map(({ from }, index) => `${name(index)} ${from}`);
    await dataSource.query(`create table specimen (id integer primary key, ${columns.join(', ')})`);
    await insert(({ before }) => before, 60);
    await install();
    await insert(({ before }) => before, 60);
    database = poolDatabase(poolOf(dataSource));
    const before = await mapped();
    const changes = retypings.map(
      ({ to, using }, index) =>
        `alter column ${name(index)} type ${to} using ${using.replace(/\bc\b/, name(index))}`,
    );
    await dataSource.query(`set time zone 'UTC'; alter table specimen ${changes.join(', ')}`);
    await install();
    await insert(({ after }) => after, 60);
    const after = await mapped();
    const typeBefore = new Map(before.columns.map(({ column, declaredType }) => [column, declaredType]));
    mapping = {
      ...after,
      columns: after.columns.map((column) =>
        column.column === 'id'
          ? column
          : { ...column, formerTypes: [typeBefore.get(column.column) as string] },
      ),
    };
  });

  afterAll(async () => {
    await dataSource.destroy();
    await test.drop();
  });

  /** What differs, with the change of its column, once by each way to compare. */
  const differences = async (): Promise<Record<string, unknown>> => {
    const ids = Array.from({ length: written }, (_, index) => String(index + 1));
    const parsers = (typeOid: number): ((text: string) => unknown) => types.getTypeParser(typeOid, 'text');
    const { drift } = await verifyAggregate(database, 'backstory', mapping, { limit: 10_000 });
    const inNode = await database.snapshot(async (sql) => {
      await sql.execute(`set local timezone = 'UTC'`);
      return compareInNode(sql, 'backstory', mapping, everything, 10_000);
    });
    return {
      inSql: named(drift),
      inNode: named(inNode.drift),
      asRead: named((await compareReplay(database, 'backstory', mapping, ids, parsers)).drifts),
    };
  };

  const named = (drifts: readonly Drift[]): string[] =>
    drifts
      .flatMap(({ kind, properties }) =>
        Object.entries(properties).map(([property, { row, replay }]) => {
          const { from, to } = retypings[Number(property.slice(1))] as Retyping;
          return `${from} to ${to}: ${kind} ${JSON.stringify(row)}, ${JSON.stringify(replay)}`;
        }),
      )
      .sort();

  it('are equal to what was recorded before, in SQL and in Node.js, and to what is recorded now', async () => {
    expect(await differences()).toEqual({ inSql: [], inNode: [], asRead: [] });
  });

  it('differ where the value is really another one', async () => {
    const others = retypings.map((_, index) => `${name(index)} = o.${name(index)}`);
    const isOther = retypings.map(
      (_, index) => `t.${name(index)}::text is distinct from o.${name(index)}::text`,
    );
    const expected: { n: number }[] = await dataSource.query(
      `select ${isOther.map((each) => `(${each})::int`).join(' + ')} as n from specimen t join specimen o on o.id = t.id + 60 where t.id <= 60`,
    );
    await dataSource.query(`begin; set local session_replication_role = replica;
      update specimen t set ${others.join(', ')} from specimen o where t.id <= 60 and o.id = t.id + 60; commit`);
    const { inSql, inNode, asRead } = (await differences()) as Record<string, string[]>;
    const count = expected.reduce((sum, { n }) => sum + n, 0);
    expect(inSql).toHaveLength(count);
    expect(inNode).toHaveLength(count);
    // pg makes a double of what jsonb and numbers say, and a Date of microseconds
    expect(asRead?.length).toBeGreaterThan(count * 0.9);
  });
});
