import { type Backstory, type BackstoryOptions, createBackstory } from '@backstory/adapter';
import { createTestDatabase, type TestDatabase } from '@backstory/test/postgres';
import { DataSource, EntitySchema } from 'typeorm';

const User = new EntitySchema<{
  id: number;
  name: string;
  passwordHash: string;
  hasPassword: boolean;
  maxTokens: number;
  pin: number;
  ssn: string;
}>({
  name: 'User',
  columns: {
    id: { type: 'int', primary: true },
    name: { type: 'text' },
    passwordHash: { type: 'text' },
    hasPassword: { type: 'boolean', default: true },
    maxTokens: { type: 'int', default: 1 },
    pin: { type: 'int', default: 1234 },
    ssn: { type: 'text', default: '' },
  },
});

/** Its key and its foreign key are named like secrets, and are none. */
const Session = new EntitySchema<{ token: string; user: object; apiKey: string }>({
  name: 'Session',
  columns: { token: { type: 'text', primary: true }, apiKey: { type: 'text' } },
  relations: { user: { type: 'many-to-one', target: 'User', joinColumn: { name: 'secretUserId' } } },
});

describe('properties that look like secrets', () => {
  let database: TestDatabase;
  let dataSource: DataSource;
  let warnings: string[];

  beforeEach(async () => {
    warnings = [];
    database = await createTestDatabase();
    dataSource = await new DataSource({
      type: 'postgres',
      url: database.url,
      entities: [User, Session],
      synchronize: true,
    }).initialize();
  });

  afterEach(async () => {
    await dataSource.destroy();
    await database.drop();
  });

  const open = (options: BackstoryOptions = {}): Promise<Backstory> =>
    createBackstory(dataSource, {
      ...options,
      logger: { log: () => undefined, warn: (message) => void warnings.push(message) },
    });

  const dataOf = async (backstory: Backstory): Promise<unknown[]> =>
    (await backstory.history('User', '1')).map(({ data }) => data);

  it('stay out of events without a word from the application, which is told once', async () => {
    const backstory = await open();
    await dataSource.getRepository(User).insert({ id: 1, name: 'Ann', passwordHash: 'x1' });
    await dataSource.getRepository(User).update(1, { passwordHash: 'x2' });
    await dataSource.getRepository(Session).insert({ token: 't', user: { id: 1 }, apiKey: 'k' });
    expect(await dataOf(backstory)).toEqual([
      { id: 1, name: 'Ann', hasPassword: true, maxTokens: 1, ssn: '' },
    ]);
    expect((await backstory.history('Session', 't'))[0]?.data).toEqual({ token: 't', 'user.id': 1 });
    expect(warnings).toEqual([
      expect.stringContaining('look like secrets: User.passwordHash, User.pin, Session.apiKey.'),
    ]);
    expect(await backstory.verify()).toMatchObject({ clean: true });
    await backstory.stages.set('user', 'replay', { force: true });
    expect(await dataSource.getRepository(User).findOneByOrFail({ id: 1 })).toMatchObject({
      name: 'Ann',
      passwordHash: 'x2',
      pin: 1234,
    });
    expect((await backstory.status()).flatMap(({ withheld }) => withheld)).toEqual([
      'Session.apiKey',
      'User.passwordHash',
      'User.pin',
    ]);
    expect((await backstory.doctor()).map(({ problem }) => problem)).toContain(
      'User.passwordHash is left out of events because it looks like a secret',
    );
    await backstory.close();
    warnings = [];
    await open();
    expect(warnings).toEqual([]);
  });

  it('can be had in, later, too: verify finds what no event has, repair appends it', async () => {
    await dataSource.getRepository(User).insert({ id: 1, name: 'Ann', passwordHash: 'x1' });
    const before = await open();
    await before.backfill();
    await before.close();
    const backstory = await open({
      aggregates: ['all', { entity: 'User', include: ['pin'], exclude: ['passwordHash'] }],
    });
    expect(await backstory.verify({ aggregates: ['user'] })).toMatchObject({ clean: false });
    await backstory.repair({ aggregates: ['user'] });
    expect(await backstory.verify()).toMatchObject({ clean: true });
    expect((await backstory.load('User', '1'))?.['pin']).toBe(1234);
    expect((await backstory.status()).find(({ category }) => category === 'user')?.withheld).toEqual([]);
  });

  it('stay in where an earlier release has captured them, which doctor says', async () => {
    const before = await open({ aggregates: [{ entity: 'User', include: ['passwordHash', 'pin'] }] });
    await before.close();
    const backstory = await open({ aggregates: ['User'] });
    await dataSource.getRepository(User).insert({ id: 1, name: 'Ann', passwordHash: 'x1' });
    expect(await dataOf(backstory)).toEqual([expect.objectContaining({ passwordHash: 'x1', pin: 1234 })]);
    expect(await backstory.verify()).toMatchObject({ clean: true });
    expect((await backstory.doctor()).map(({ problem }) => problem)).toContain(
      'User.passwordHash looks like a secret and is in events, as an earlier release has said nothing of it',
    );
  });

  it('refuses what can’t be meant', async () => {
    await expect(open({ aggregates: [{ entity: 'User', include: ['nope'] }] })).rejects.toMatchObject({
      code: 'INVALID_OPTIONS',
    });
    await expect(
      open({ aggregates: [{ entity: 'User', include: ['pin'], exclude: ['pin'] }] }),
    ).rejects.toMatchObject({ code: 'INVALID_OPTIONS' });
  });
});
