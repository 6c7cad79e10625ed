import { type AggregateOptions, type Backstory, createBackstory, type EventData } from '@backstory/adapter';
import { createTestDatabase } from '@backstory/test/postgres';
import { DataSource, type EntitySchemaColumnOptions, EntitySchema } from 'typeorm';

type Row = Record<string, unknown>;

const text = { type: 'text', nullable: true } as const;
const id: EntitySchemaColumnOptions = { type: 'int', primary: true };

function customers(columns: Record<string, EntitySchemaColumnOptions>, owning: boolean): EntitySchema<Row> {
  return new EntitySchema<Row>({
    name: 'Customer',
    tableName: 'customer',
    columns: { id, name: text, ...columns },
    ...(owning && {
      relations: {
        addresses: { type: 'one-to-many', target: 'Address', inverseSide: 'customer', cascade: true },
      },
    }),
  });
}

const Address = new EntitySchema<Row>({
  name: 'Address',
  tableName: 'address',
  columns: { id, street: text },
  relations: {
    customer: { type: 'many-to-one', target: 'Customer', inverseSide: 'addresses', onDelete: 'CASCADE' },
  },
});

function tickets(columns: Record<string, EntitySchemaColumnOptions>): EntitySchema<Row> {
  return new EntitySchema<Row>({ name: 'Ticket', tableName: 'ticket', columns: { id, text, ...columns } });
}

describe('of what the entity no longer has', () => {
  let database: Awaited<ReturnType<typeof createTestDatabase>>;
  const opened: (() => Promise<void>)[] = [];

  const open = async (
    entities: EntitySchema<Row>[],
    aggregates: AggregateOptions[],
    synchronize = false,
  ): Promise<{ backstory: Backstory; dataSource: DataSource }> => {
    const dataSource = new DataSource({ type: 'postgres', url: database.url, entities, synchronize });
    await dataSource.initialize();
    opened.push(() => dataSource.destroy());
    const backstory = await createBackstory(dataSource, { aggregates });
    opened.unshift(() => backstory.close());
    return { backstory, dataSource };
  };

  const close = async (): Promise<void> => {
    for (const each of opened.splice(0)) await each();
  };

  beforeEach(async () => {
    database = await createTestDatabase();
  });

  afterEach(async () => {
    await close();
    await database.drop();
  });

  const dropping = async (): Promise<void> => {
    const Customer = customers({ phone: text }, true);
    const Ticket = tickets({ customerId: { type: 'int', nullable: true } });
    const { dataSource } = await open(
      [Customer, Address, Ticket],
      [
        { entity: Customer, owns: ['addresses'] },
        { entity: Ticket, subject: { customer: 'customerId' }, personal: ['text'] },
      ],
      true,
    );
    await dataSource.manager.save('Customer', {
      id: 42,
      name: 'Ada',
      phone: '555-ADA',
      addresses: [{ id: 1, street: 'Ada Street' }],
    });
    await dataSource.manager.insert('Ticket', { id: 1, customerId: 42, text: 'Ada text' });
    await dataSource.query('alter table customer drop column phone');
    await dataSource.query('alter table ticket drop column "customerId"');
    await dataSource.query('drop table address');
    await close();
  };

  it.each<Partial<AggregateOptions>>([{}, { personal: ['name', 'phone', 'addresses.street'] }])(
    'columns, parts and names of subjects are erased: %j',
    async (options) => {
      await dropping();
      const [Customer, Ticket] = [customers({}, false), tickets({})];
      const { backstory, dataSource } = await open(
        [Customer, Ticket],
        [
          { entity: Customer, ...options },
          { entity: Ticket, subject: { customer: 'customerId' }, personal: ['text'] },
        ],
      );
      const records = await backstory.erasure.subject('customer:42');
      expect(records.map(({ category }) => category)).toEqual(['customer', 'ticket']);
      await backstory.erasure.eraseSubject('customer:42');
      expect(await dataSource.query(`select data from backstory.events where data::text ~* 'ada'`)).toEqual(
        [],
      );
      expect(await backstory.history('ticket', '1')).toMatchObject([{ data: { customerId: 42 } }, {}]);
    },
  );

  it('what was never there is refused all the same', async () => {
    await dropping();
    const Customer = customers({}, false);
    await expect(open([Customer], [{ entity: Customer, personal: ['name', 'fax'] }])).rejects.toThrow(
      /no property "fax"/,
    );
  });

  it('what an upcaster drops is given on request, and erased', async () => {
    const Customer = customers({ nickname: text }, false);
    const first = await open([Customer], [{ entity: Customer }], true);
    await first.dataSource.manager.insert('Customer', { id: 42, name: 'Ada', nickname: 'The Countess' });
    await close();
    const drop = ({ nickname: _, ...rest }: EventData): EventData => rest;
    const { backstory } = await open(
      [Customer],
      [{ entity: Customer, schemaVersion: 2, upcasters: { '*': { 1: drop } } }],
    );
    const [record] = await backstory.erasure.subject('customer:42');
    expect(record?.events).toMatchObject([{ data: { name: 'Ada' }, dropped: { nickname: 'The Countess' } }]);
    await backstory.erasure.eraseSubject('customer:42');
    const [erased] = await backstory.erasure.subject('customer:42');
    expect(JSON.stringify(erased)).not.toMatch(/Countess/);
  });

  it('what names the subject stays where all is erased, so that it is found again', async () => {
    const Customer = customers({}, false);
    const Ticket = tickets({ customerId: { type: 'int', nullable: true } });
    const { backstory, dataSource } = await open(
      [Customer, Ticket],
      [
        { entity: Customer },
        {
          entity: Ticket,
          subject: { customer: 'customerId' },
          personal: 'all',
          retain: { after: '1 microsecond', properties: 'all' },
        },
      ],
      true,
    );
    await dataSource.manager.insert('Customer', { id: 42, name: 'Ada' });
    await dataSource.manager.insert('Ticket', { id: 1, customerId: 42, text: 'Ada text' });
    await dataSource.manager.update('Ticket', 1, { customerId: 7, text: 'Charles text' });
    await backstory.erasure.retain();
    await backstory.erasure.eraseSubject('customer:42');
    await dataSource.manager.update('Ticket', 1, { text: 'of Ada again' });
    const again = await backstory.erasure.eraseSubject('customer:42');
    expect(again).toMatchObject([{ category: 'customer' }, { category: 'ticket', properties: ['text'] }]);
  });

  it('a column of a composite key is no id of anybody', async () => {
    const Member = new EntitySchema<Row>({
      name: 'Member',
      tableName: 'member',
      columns: { club: id, no: id, name: text },
    });
    const Visit = new EntitySchema<Row>({
      name: 'Visit',
      tableName: 'visit',
      columns: { id, text, memberNo: { type: 'int', nullable: true }, memberId: text },
    });
    const visit = { entity: Visit, personal: ['text'] };
    await expect(
      open([Member, Visit], [{ entity: Member }, { ...visit, subject: { member: 'memberNo' } }], true),
    ).rejects.toThrow(/its key has several columns \(club, no\)/);
    const { backstory, dataSource } = await open(
      [Member, Visit],
      [{ entity: Member }, { ...visit, subject: { member: 'memberId' } }],
    );
    await dataSource.manager.insert('Member', { club: 1, no: 42, name: 'Ada' });
    await dataSource.manager.insert('Visit', { id: 1, text: 'Ada was here', memberId: '1:42' });
    expect((await backstory.erasure.subject('member:1:42')).map(({ category }) => category)).toEqual([
      'member',
      'visit',
    ]);
    await expect(backstory.erasure.subject('member:42')).rejects.toThrow(/has such an id/);
  });
});
