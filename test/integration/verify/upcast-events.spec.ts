import { type Backstory, createBackstory } from '@backstory/adapter';
import { EntitySchema } from 'typeorm';
import { type Library, openLibrary } from '../../library/open-library.js';
import { unseen } from '../../library/unseen.js';

interface Wallet {
  id: string;
  cents: number;
  notes: object | null;
  cards: Card[];
}

interface Card {
  id: number;
  limit: number;
  wallet: Wallet | null;
}

const wallet = new EntitySchema<Wallet>({
  name: 'Wallet',
  columns: {
    id: { type: 'text', primary: true },
    cents: { type: 'int' },
    notes: { type: 'jsonb', nullable: true },
  },
  relations: {
    cards: { type: 'one-to-many', target: 'Card', inverseSide: 'wallet' },
  },
});

const card = new EntitySchema<Card>({
  name: 'Card',
  columns: { id: { type: 'int', primary: true, generated: true }, limit: { type: 'int' } },
  relations: {
    wallet: { type: 'many-to-one', target: 'Wallet', inverseSide: 'cards', onDelete: 'CASCADE' },
  },
});

/** Version 1 was written in whole units. */
const inCents = {
  '*': {
    1: (data: Readonly<Record<string, unknown>>) =>
      'cents' in data ? { ...data, cents: Number(data['cents']) * 100 } : data,
  },
};

describe('verify of events that code upcasts', () => {
  let library: Library;
  let backstory: Backstory;

  beforeEach(async () => {
    library = await openLibrary({ entities: [wallet, card] });
    const first = await createBackstory(library.dataSource, {
      aggregates: [{ entity: 'Wallet', owns: ['cards'] }],
    });
    await library.dataSource.query(
      `insert into wallet (id, cents) select 'w' || n, n from generate_series(1, 1200) n`,
    );
    await library.dataSource.query(
      `insert into wallet (id, cents) values ('', 7); insert into card ("limit", "walletId") values (5, 'w1'), (6, '')`,
    );
    await first.close();
    backstory = await createBackstory(library.dataSource, {
      aggregates: [{ entity: 'Wallet', owns: ['cards'], schemaVersion: 2, upcasters: inCents }],
    });
    // what a migration of the application does to its table, behind the triggers
    await unseen(library.dataSource, 'update wallet set cents = cents * 100');
    await library.dataSource.query(`update wallet set notes = '{"a": 1}' where id in ('w2', '')`);
  });

  afterEach(async () => {
    await backstory.close();
    await library.close();
  });

  it('compares what a replay gives, page by page', async () => {
    expect(await backstory.verify()).toEqual({
      clean: true,
      off: [],
      aggregates: [
        {
          category: 'wallet',
          rows: 1203,
          streams: 1201,
          drifted: 0,
          drift: [],
          withoutFirstEvent: 0,
          complete: true,
          recorded: true,
        },
      ],
      unseen: [],
    });
  });

  it('finds every kind of drift, and repair settles it in the form of today', async () => {
    await backstory.backfill();
    await unseen(
      library.dataSource,
      `update wallet set cents = 1 where id = 'w3'`,
      `delete from wallet where id = 'w4'`,
      `insert into wallet (id, cents) values ('new', 5)`,
      `delete from backstory.events where stream_id = 'w2' and stream_position = 1`,
      `update card set "limit" = 9 where "walletId" = 'w1'`,
    );
    const {
      aggregates: [found],
    } = await backstory.verify();
    expect(found?.drift.map(({ streamId, kind, part }) => [streamId, kind, part?.path]).sort()).toEqual(
      [
        ['w1', 'value', 'cards'],
        ['w2', 'gap', undefined],
        ['w3', 'value', undefined],
        ['w4', 'missing row', undefined],
        ['new', 'missing event', undefined],
      ].sort(),
    );
    await backstory.repair();
    expect(await backstory.verify()).toMatchObject({ clean: true });
    expect(await backstory.load('Wallet', 'w3')).toMatchObject({ cents: 1 });
    expect((await backstory.history('wallet', 'w3')).at(-1)).toMatchObject({ schemaVersion: 2 });
    expect(await backstory.verify({ streamIds: ['w3', ''] })).toMatchObject({ clean: true });
  });

  it('lets them be archived: what stands for them is in the form of today', async () => {
    for (let n = 0; n < 25; n++)
      await library.dataSource.query(`update wallet set cents = cents + 1 where id = 'w1'`);
    const before = await backstory.load('Wallet', 'w1', { version: 2 });
    const [report] = await backstory.archive.move({ before: new Date(Date.now() + 60_000) });
    expect(report).toMatchObject({ streams: 1, events: 27, left: { drifted: 0 } });
    expect(
      await library.dataSource.query(
        `select stream_position::int as position, schema_version as version from backstory.events where stream_id = 'w1'`,
      ),
    ).toEqual([{ position: 27, version: 2 }]);
    expect(await backstory.verify()).toMatchObject({ clean: true });
    expect(before).toMatchObject({ cents: 100 });
    expect(await backstory.load('Wallet', 'w1', { version: 2 })).toEqual(before);
    expect(await backstory.load('Wallet', 'w1')).toMatchObject({ cents: 125, cards: [{ limit: 5 }] });
  });

  it('does not write rows from events that the database can not upcast', async () => {
    await expect(backstory.repair({ truth: 'events' })).rejects.toThrow(/are upcast by code/);
  });
});
