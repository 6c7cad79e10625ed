import fc from 'fast-check';
import { Client } from 'pg';
import { seedOfRun } from '../library/random.js';
import type { History } from '../values/history.js';
import { expectExactSpecimens, openSpecimens, type Specimen, SpecimenSchema } from '../values/specimens.js';
import { valueTypes } from '../values/value-types.js';

const seed = seedOfRun();
const ids = ['a', 'b', 'c'] as const;
const names = Object.keys(valueTypes);

/** Those whose values TypeORM writes back as it has loaded them. */
const writableByTypeorm = names.filter((name) =>
  /^(smallint|integer|bigint|numeric|decimal|real|double|varchar|text|citext|bytea|boolean|enums?|uuid|simple.*|texts)$/.test(
    name,
  ),
);

const settings = fc.record({
  timezone: fc.constantFrom('UTC', 'Asia/Kathmandu', 'America/St_Johns', '-13:37'),
  datestyle: fc.constantFrom('ISO, MDY', 'SQL, DMY', 'German', 'Postgres, MDY'),
  intervalstyle: fc.constantFrom('postgres', 'postgres_verbose', 'sql_standard', 'iso_8601'),
  bytea_output: fc.constantFrom('hex', 'escape'),
  extra_float_digits: fc.constantFrom('-15', '0', '3'),
  search_path: fc.constantFrom('public', '""', 'nowhere, public, pg_catalog'),
  standard_conforming_strings: fc.constantFrom('on', 'off'),
});

const values = fc.uniqueArray(fc.constantFrom(...names), { minLength: 1, maxLength: 30 }).chain((columns) =>
  fc.record(
    Object.fromEntries(
      columns.map((name) => {
        const { edges, random } = valueTypes[name]!;
        const texts: fc.Arbitrary<string | null>[] = [fc.constantFrom(...edges), fc.constant(null)];
        return [name, fc.oneof(...texts, ...(random ? [random, random] : []))];
      }),
    ),
  ),
);

const id = fc.constantFrom(...ids);
const write = fc.oneof(
  { weight: 4, arbitrary: fc.record({ kind: fc.constant('sql' as const), id, values, settings }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('repository' as const), id, from: id }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('delete' as const), id }) },
);
type Write = typeof write extends fc.Arbitrary<infer Value> ? Value : never;

describe(`exact values of every type, seed ${seed}`, () => {
  let specimens: History;
  let client: Client;

  beforeAll(async () => {
    specimens = await openSpecimens();
    client = new Client(specimens.url);
    await client.connect();
  });

  afterAll(async () => {
    await client.end();
    await specimens.close();
  });

  const upsert = (key: string, row: Record<string, string | null>): Promise<unknown> => {
    const columns = Object.keys(row).map((name) => `"${name}"`);
    const assignments = columns.map((name) => `${name} = excluded.${name}`);
    return client.query(
      `insert into public.specimen (id, ${columns.join(', ')}) values ($1, ${columns.map((_, n) => `$${n + 2}`).join(', ')})
       on conflict (id) do update set ${assignments.join(', ')}`,
      [key, ...Object.values(row)],
    );
  };

  const run = async (action: Write): Promise<void> => {
    const { manager } = specimens.dataSource;
    if (action.kind === 'delete') {
      await manager.delete(SpecimenSchema, { id: action.id });
    } else if (action.kind === 'repository') {
      const from = await manager.findOneBy(SpecimenSchema, { id: action.from });
      if (!from) return;
      const copy = Object.fromEntries(writableByTypeorm.map((name) => [name, from[name]])) as Specimen;
      await manager.save(SpecimenSchema, { ...copy, id: action.id });
    } else {
      await client.query('begin');
      for (const [name, value] of Object.entries(action.settings)) {
        await client.query('select set_config($1, $2, true)', [name, value]);
      }
      await upsert(action.id, action.values);
      await client.query('commit');
    }
  };

  it('replays each edge value after each other', async () => {
    const steps = Math.max(...Object.values(valueTypes).map(({ edges }) => edges.length)) + 1;
    for (let step = 0; step < steps; step++) {
      const row = Object.fromEntries(names.map((name) => [name, valueTypes[name]!.edges[step] ?? null]));
      await upsert('edges', row);
      await expectExactSpecimens(specimens);
    }
    await specimens.dataSource.manager.delete(SpecimenSchema, { id: 'edges' });
  });

  it('replays whatever is written, by whomever', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(write, { minLength: 1, maxLength: 6 }), async (writes) => {
        for (const each of writes) await run(each);
        await expectExactSpecimens(specimens);
      }),
      { seed, numRuns: 80, interruptAfterTimeLimit: 45_000 },
    );
  });
});
