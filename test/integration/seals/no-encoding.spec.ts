import { type Backstory, createBackstory } from '@backstory/adapter';
import { createTestDatabase, type TestDatabase } from '@backstory/test/postgres';
import { Column, DataSource, Entity, PrimaryColumn } from 'typeorm';

@Entity()
class Guest {
  @PrimaryColumn({ type: 'int' })
  id: number;

  @Column({ type: 'text' })
  name: string;
}

describe('in a database without an encoding, an event that is no UTF-8', () => {
  let database: TestDatabase;
  let dataSource: DataSource;
  let backstory: Backstory;
  let position: string;

  beforeAll(async () => {
    database = await createTestDatabase({ encoding: 'SQL_ASCII' });
    dataSource = new DataSource({
      type: 'postgres',
      url: database.url,
      entities: [Guest],
      synchronize: true,
    });
    await dataSource.initialize();
    backstory = await createBackstory(dataSource, { aggregates: [{ entity: Guest, personal: ['name'] }] });
    await dataSource.manager.insert(Guest, { id: 1, name: 'Zoë \ufffd 日本' });
    await backstory.seals.seal();
    // as a client writes it that says nothing of its encoding
    await dataSource.query(
      `insert into guest (id, name) values (9, convert_from('\\x5a6feb'::bytea, 'SQL_ASCII'))`,
    );
    const [row] = await dataSource.query<[{ position: string }]>(
      'select max(global_position) as position from backstory.events',
    );
    ({ position } = row);
    await dataSource.manager.insert(Guest, { id: 10, name: 'Zoë' });
  });

  afterAll(async () => {
    await backstory.close();
    await dataSource.destroy();
    await database.drop();
  });

  it('is not sealed, and the refusal names it', async () => {
    await expect(backstory.seals.seal()).rejects.toMatchObject({
      code: 'SEAL_REFUSED',
      message: expect.stringContaining(
        `The event of stream "guest-9" at position ${position} is no UTF-8`,
      ) as string,
      remedy: expect.stringContaining('Move to a database with an encoding') as string,
    });
    expect(await backstory.seals.status()).toMatchObject({ blocks: 1 });
    expect(await backstory.seals.proof('guest', '1', 1)).toBeDefined();
  });

  it('is refused by name wherever it is read', async () => {
    const unreadable = {
      code: 'TEXT_UNREADABLE',
      message: expect.stringContaining(`"guest-9" at position ${position}`) as string,
      remedy: expect.stringContaining('pg_dump --encoding') as string,
    };
    const reads = {
      history: () => backstory.history('guest', '9'),
      subject: () => backstory.erasure.subject('guest:9'),
      erase: () => backstory.erase(Guest, '9', { reason: 'request 7' }),
      eraseSubject: () => backstory.erasure.eraseSubject('guest:9', { reason: 'request 7' }),
    };
    for (const [name, read] of Object.entries(reads)) {
      const error: unknown = await read().catch((reason: unknown) => reason);
      expect({ name, error }).toMatchObject({ name, error: unreadable });
    }
    expect(await backstory.history('guest', '10')).toHaveLength(1);
    expect(await backstory.erasure.subject('guest:1')).toHaveLength(1);
    // which compares in the database
    expect(await backstory.verify()).toMatchObject({ clean: true });
  });

  it('what was asked with a byte that no text has stays the error of who asked', async () => {
    await expect(backstory.history('guest', 'a\0')).rejects.toMatchObject({ code: '22021' });
  });
});
