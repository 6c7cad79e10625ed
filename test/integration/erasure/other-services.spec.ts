import { type AggregateOptions, type Backstory, createBackstory } from '@backstory/adapter';
import { createTestDatabase } from '@backstory/test/postgres';
import { DataSource, EntitySchema } from 'typeorm';

interface Ticket {
  id: number;
  customerId: number | null;
  text: string | null;
}

const text = { type: 'text', nullable: true } as const;
const CustomerSchema = new EntitySchema<{ id: number; name: string | null }>({
  name: 'Customer',
  tableName: 'customer',
  columns: { id: { type: 'int', primary: true }, name: text },
});
const TicketSchema = new EntitySchema<Ticket>({
  name: 'Ticket',
  tableName: 'ticket',
  columns: { id: { type: 'int', primary: true }, customerId: { type: 'int', nullable: true }, text },
});
const customer: AggregateOptions = { entity: CustomerSchema, personal: ['name'] };
const ticket: AggregateOptions = {
  entity: TicketSchema,
  // by the name of the entity, which is the category's, too
  subject: { Customer: 'customerId' },
  personal: ['text'],
  retain: { after: '1 microsecond', properties: ['text'] },
};

describe('a subject that another service has data of', () => {
  let database: Awaited<ReturnType<typeof createTestDatabase>>;
  const opened: (() => Promise<void>)[] = [];

  const open = async (
    aggregates: AggregateOptions[],
    { synchronize = false, topics = [] as string[] } = {},
  ): Promise<{ backstory: Backstory; dataSource: DataSource }> => {
    const entities = aggregates.map(({ entity }) => entity as EntitySchema);
    const dataSource = new DataSource({ type: 'postgres', url: database.url, entities, synchronize });
    await dataSource.initialize();
    const backstory = await createBackstory(dataSource, { aggregates, topics });
    opened.push(async () => {
      await backstory.close();
      await dataSource.destroy();
    });
    return { backstory, dataSource };
  };

  beforeEach(async () => {
    database = await createTestDatabase();
    const { dataSource } = await open([customer, ticket], { synchronize: true });
    await dataSource.manager.insert(CustomerSchema, [{ id: 42, name: 'Ada' }]);
    await dataSource.manager.insert(TicketSchema, { id: 5, customerId: 42, text: 'Ada complains' });
  });

  afterEach(async () => {
    for (const close of opened.splice(0)) await close();
    await database.drop();
  });

  const found = (records: readonly { category: string; streamId: string; unseen?: string }[]): unknown[] =>
    records.map(({ category, streamId, unseen }) => [`${category}-${streamId}`, unseen]);

  it('is found and erased there, too, by whichever name of it', async () => {
    const { backstory, dataSource } = await open([customer]);
    for (const name of ['customer:42', 'Customer:42', 'customer:042'])
      expect(found(await backstory.erasure.subject(name))).toEqual([
        ['customer-42', undefined],
        ['ticket-5', undefined],
      ]);
    expect((await backstory.history('Ticket', '5')).length).toBe(1);
    await backstory.erasure.eraseSubject('customer:42');
    expect(await dataSource.query(`select data from backstory.events where data::text like '%Ada%'`)).toEqual(
      [],
    );
    expect((await backstory.verify()).clean).toBe(true);
  });

  it('is erased of a table that is gone, also by its name, and by what is old', async () => {
    const { backstory, dataSource } = await open([customer]);
    await dataSource.query('drop table ticket');
    const retained = await backstory.erasure.retain({ dryRun: true });
    expect(retained).toMatchObject([{ category: 'ticket', events: 0 }]);
    expect(found(await backstory.erasure.subject('customer:42'))).toEqual([
      ['customer-42', undefined],
      ['ticket-5', undefined],
    ]);
    const reports = await backstory.erasure.eraseSubject('customer:42');
    expect(reports.at(-1)).toMatchObject({ category: 'ticket', properties: ['text'], stillInTable: [] });
    expect(await backstory.erase('Ticket', '5')).toMatchObject({ properties: ['customerId'] });
    await expect(backstory.erase('Ticket', '6')).rejects.toMatchObject({ code: 'AGGREGATE_NOT_FOUND' });
  });

  it('is said not to be looked for where events are upcast by code that is elsewhere, and in topics', async () => {
    await open([customer, { ...ticket, schemaVersion: 2, upcasters: { '*': { 1: (data) => data } } }]);
    const { backstory, dataSource } = await open([customer], { topics: ['newsletter', 'empty'] });
    await dataSource.transaction((manager) =>
      backstory.append(manager, 'newsletter', 'w-1', { type: 'Sent', data: { to: 'Ada' } }),
    );
    const unseen = [
      ['ticket-*', expect.stringMatching(/upcast by the application's code/)],
      ['newsletter-*', expect.stringMatching(/it is a topic/)],
    ];
    expect(found(await backstory.erasure.subject('customer:42'))).toEqual([
      ['customer-42', undefined],
      ...unseen,
    ]);
    expect(found(await backstory.erasure.eraseSubject('customer:42'))).toEqual([
      ['customer-42', undefined],
      ...unseen,
    ]);
    expect(await backstory.erasure.retain()).toMatchObject([{ category: 'ticket' }, { topic: true }]);
    await expect(backstory.erase('ticket', '5')).rejects.toMatchObject({ code: 'CAPTURE_OUTDATED' });
    expect((await backstory.history('ticket', '5')).length).toBe(1);
  });

  it('is erased as far as the role may lock rows, and the rest is named with what it lacks', async () => {
    const [owner, role] = [await open([customer]), `clerk_${Date.now()}`];
    await owner.dataSource.query(
      `create role ${role}; grant usage on schema backstory to ${role}; grant select on all tables in schema backstory to ${role};
       grant execute on all functions in schema backstory to ${role}; grant select, update on customer to ${role}`,
    );
    const dataSource = new DataSource({
      type: 'postgres',
      url: database.url,
      entities: [CustomerSchema],
      extra: { options: `-c role=${role}` },
    });
    await dataSource.initialize();
    const backstory = await createBackstory(dataSource, { aggregates: [customer], install: 'check' });
    try {
      expect(await backstory.erasure.eraseSubject('customer:42')).toMatchObject([
        { category: 'customer', events: 1 },
        { category: 'ticket', streamId: '5', events: 0, unseen: expect.stringMatching(/table ticket/) },
      ]);
      await owner.dataSource.query(`revoke update on customer from ${role}`);
      await expect(backstory.erase('Customer', '42')).rejects.toMatchObject({
        code: 'RIGHTS_MISSING',
        remedy: expect.stringMatching(/grants --app <role> --erase[^]*SELECT and UPDATE/),
      });
    } finally {
      await backstory.close();
      await dataSource.destroy();
      await owner.dataSource.query(`drop owned by ${role}; drop role ${role}`);
    }
  });

  it('that the options spell otherwise than any aggregate is named by doctor', async () => {
    const problems = async (subject: string): Promise<string[]> => {
      const { backstory } = await open([customer, { ...ticket, subject: { [subject]: 'customerId' } }]);
      return (await backstory.doctor()).map(({ problem }) => problem);
    };
    expect(await problems('custommer')).toEqual([expect.stringMatching(/names "custommer" as its subject/)]);
    expect(await problems('passenger')).toEqual([]);
  });

  it('has proofs of events there, and in topics', async () => {
    const { backstory, dataSource } = await open([customer], { topics: ['newsletter'] });
    await dataSource.transaction((manager) =>
      backstory.append(manager, 'newsletter', 'w-1', { type: 'Sent', data: { to: 'Ada' } }),
    );
    await backstory.seals.seal({ digest: () => undefined });
    for (const [category, id] of [
      ['newsletter', 'w-1'],
      ['Ticket', '5'],
    ] as const)
      expect((await backstory.seals.proof(category, id, 1)).data).toContain('Ada');
    await expect(backstory.seals.proof('nothing', '1', 1)).rejects.toMatchObject({
      code: 'UNKNOWN_CATEGORY',
    });
  });

  it('that nobody knows is no subject that has nothing left, and its key is not marked', async () => {
    const { backstory, dataSource } = await open([customer]);
    const unknown = { code: 'AGGREGATE_NOT_FOUND' };
    await expect(backstory.erasure.subject('customer:999')).rejects.toMatchObject(unknown);
    await expect(backstory.erasure.eraseSubject('customer:999')).rejects.toMatchObject(unknown);
    await expect(backstory.erase('Customer', '999')).rejects.toMatchObject(unknown);
    await expect(backstory.erase('Customer', 'Ada')).rejects.toThrow(
      /No stream of "customer" has such an id/,
    );
    expect(await dataSource.query('select subject from backstory.subject_keys')).toEqual([]);
  });
});
