import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import {
  type Backstory,
  createBackstory,
  databaseSubjectKeys,
  decryptEvents,
  environmentKeys,
  type KeyProvider,
} from '@backstory/adapter';
import { DataSource } from 'typeorm';
import { Client } from 'pg';
import { runCommand } from '../../library/run-command.js';
import { aggregates, Customer, openPeople, type People, Purchase, PurchaseLine } from '../erasure/people.js';
import { Wire } from './wire.js';

const variable = 'BACKSTORY_KEYS_OF_KEYS_SPEC';
const secret = (): string => randomBytes(32).toString('base64');

describe('keys of subjects', () => {
  const former = `2026=${secret()}`;
  let people: People;

  beforeEach(async () => {
    process.env[variable] = former;
    people = await openPeople({ encryption: { keys: environmentKeys(variable) } });
  });

  afterEach(() => people.close());

  afterAll(() => void delete process.env[variable]);

  const make = async (backstory: Backstory, name = 'first'): Promise<Wire> => {
    const wire = new Wire();
    backstory.consumers.relay({ name, publisher: wire, from: 'beginning', includeBackfill: true });
    await backstory.consumers.start();
    await backstory.consumers.wait(name);
    await backstory.consumers.stop();
    return wire;
  };

  it('are wrapped anew by the present key, so that the former one can go', async () => {
    await people.dataSource.manager.insert(
      Customer,
      Array.from({ length: 450 }, (_, id) => ({ id, name: `name ${id}` })),
    );
    const wire = await make(people.backstory);
    await people.backstory.erasure.eraseSubject('customer:7');
    process.env[variable] = `2027=${secret()},${former}`;
    const both = environmentKeys(variable);
    await people.backstory.close();
    const anew = await createBackstory(people.dataSource, {
      aggregates: [Customer],
      encryption: { keys: both },
    });
    const stop = new AbortController();
    const told: number[] = [];
    const stopped = await anew.keys.rewrap({
      signal: stop.signal,
      onProgress: ({ done, total, unit }) => {
        expect([total, unit]).toEqual([449, 'keys']);
        told.push(done);
        if (done === 249) stop.abort();
      },
    });
    // behind the key that is under way
    expect(stopped).toEqual({ rewrapped: 250, living: 449, stopped: true });
    expect(told).toEqual(Array.from({ length: 250 }, (_, done) => done));
    expect(await anew.keys.rewrap()).toEqual({ rewrapped: 199, living: 449 });
    expect(await anew.keys.rewrap()).toEqual({ rewrapped: 0, living: 449 });
    await anew.close();
    process.env[variable] = (process.env[variable] ?? '').split(',')[0];
    const lookup = databaseSubjectKeys(people.dataSource, { keys: environmentKeys(variable) });
    const decrypted = await decryptEvents(wire.events(), lookup);
    expect(decrypted.map(({ event }) => event.data['name'])).toEqual(
      Array.from({ length: 450 }, (_, id) => (id === 7 ? null : `name ${id}`)),
    );
  });

  it('that are erased are never changed, removed or made again, by nobody', async () => {
    await people.dataSource.manager.insert(Customer, { id: 42, name: 'Ada!' });
    await make(people.backstory);
    await people.backstory.erasure.eraseSubject('customer:42');
    for (const statement of [
      `update backstory.subject_keys set state = 'living', wrapped = '\\x00', key_id = 'a', created_at = now(), erased_at = null`,
      `update backstory.subject_keys set erased_at = now()`,
      `delete from backstory.subject_keys`,
      `truncate backstory.subject_keys`,
    ])
      await expect(people.query(statement)).rejects.toThrow(/is refused/);
    await people.query(`select backstory.keep_subject_keys(array['customer:42'], array['00'], array['a'])`);
    expect(await people.query(`select state, wrapped from backstory.subject_keys`)).toEqual([
      { state: 'erased', wrapped: null },
    ]);
  });

  it('are not in a dump once they are erased', async () => {
    await people.dataSource.manager.insert(Customer, { id: 42, name: 'Ada!' });
    await make(people.backstory);
    const [key] = await people.query<{ wrapped: Buffer }>(`select wrapped from backstory.subject_keys`);
    await people.backstory.erase(Customer, '42');
    const rows = await people.query(`select k::text from backstory.subject_keys k`);
    expect(JSON.stringify(rows)).not.toContain(key?.wrapped.toString('hex'));
  });

  it('are found by the application for who may not read the database', async () => {
    await people.dataSource.manager.insert(Customer, [
      { id: 42, name: 'Ada!' },
      { id: 7, name: 'Mary' },
    ]);
    await make(people.backstory);
    await people.backstory.erase(Customer, '7');
    const found = await people.backstory.keys.find(['customer:42', 'customer:7', 'customer:9']);
    expect([...found].sort()).toEqual([
      ['customer:42', expect.any(Uint8Array)],
      ['customer:7', 'erased'],
    ]);
    expect(found.get('customer:42')?.length).toBe(32);
  });

  it('ask the provider once for each, and again after a restart', async () => {
    const asked: string[] = [];
    const inner = environmentKeys(variable);
    const counting: KeyProvider = {
      wrap: (dataKey, context) => (asked.push(`wrap ${context.subject}`), inner.wrap(dataKey, context)),
      unwrap: (key, context) => (asked.push(`unwrap ${context.subject}`), inner.unwrap(key, context)),
    };
    await people.dataSource.manager.insert(Customer, { id: 42, name: 'Ada!' });
    for (let n = 0; n < 3; n++) await people.dataSource.manager.update(Customer, 42, { name: `Ada! ${n}` });
    await people.backstory.close();
    const backstory = await createBackstory(people.dataSource, {
      aggregates,
      encryption: { keys: counting },
    });
    await make(backstory, 'second');
    await make(backstory, 'third');
    expect(asked).toEqual(['wrap customer:42', 'unwrap customer:42']);
    await backstory.close();
  });

  it('a provider that fails is waited for, and nothing is published meanwhile', async () => {
    await people.dataSource.manager.insert(Customer, { id: 42, name: 'Ada!' });
    await people.backstory.close();
    let away = true;
    const inner = environmentKeys(variable);
    const failing: KeyProvider = {
      wrap: (dataKey, context) => {
        if (away) throw new Error('the service is away');
        return inner.wrap(dataKey, context);
      },
      unwrap: (key, context) => inner.unwrap(key, context),
    };
    const warnings: string[] = [];
    const logger = { log: () => undefined, warn: (message: string) => void warnings.push(message) };
    const backstory = await createBackstory(people.dataSource, {
      aggregates,
      encryption: { keys: failing },
      logger,
    });
    const wire = new Wire();
    backstory.consumers.relay({ name: 'waits', publisher: wire, from: 'beginning' });
    await backstory.consumers.start();
    await expect(backstory.consumers.wait('waits', undefined, { timeoutMs: 300 })).rejects.toThrow(/waits/);
    expect([(await backstory.consumers.list())[0]?.error, wire.messages]).toEqual([
      expect.stringContaining('the service is away'),
      [],
    ]);
    // at the second attempt, and then no more: it may take hours
    await expect(backstory.consumers.wait('waits', undefined, { timeoutMs: 700 })).rejects.toThrow(/waits/);
    expect(warnings).toEqual(['Consumer "waits" waits: the service is away']);
    away = false;
    await backstory.consumers.wait('waits');
    expect(wire.messages.length).toBe(1);
    await backstory.close();
  });

  it('are for roles that were granted them, and for no others', async () => {
    const role = `relay_${process.pid}_${Date.now()}`;
    const receiver = `receiver_${process.pid}_${Date.now()}`;
    await people.dataSource.manager.insert(Customer, { id: 42, name: 'Ada!' });
    for (const name of [role, receiver]) await people.query(`create role ${name} login password 'x'`);
    await people.query(
      `grant usage on schema public to ${role}; grant select, insert, update, delete on all tables in schema public to ${role}`,
    );
    process.env['KEYS_URL'] = people.url;
    const grant = (...more: string[]): Promise<unknown> =>
      runCommand(
        'grants',
        '--app',
        role,
        ...more,
        '--apply',
        '--data-source',
        join(__dirname, 'people-data-source.ts'),
      );
    expect(await grant()).toMatchObject({ code: 0, err: '' });
    const url = new URL(people.url);
    url.username = role;
    url.password = 'x';
    const dataSource = await new DataSource({
      type: 'postgres',
      url: url.href,
      entities: [Customer, Purchase, PurchaseLine],
    }).initialize();
    const backstory = await createBackstory(dataSource, {
      aggregates,
      install: 'check',
      encryption: { keys: environmentKeys(variable) },
    });
    const wire = new Wire();
    try {
      backstory.consumers.relay({ name: 'granted', publisher: wire, from: 'beginning', encrypt: 'all' });
      await backstory.consumers.start();
      await expect(backstory.consumers.wait('granted', undefined, { timeoutMs: 500 })).rejects.toMatchObject({
        code: 'WAIT_TIMED_OUT',
      });
      expect([(await backstory.consumers.list())[0]?.error, wire.messages]).toEqual([
        expect.stringMatching(/may not use the keys of subjects[^]*grants --app <role> --encrypt/),
        [],
      ]);
      await expect(backstory.erase(Customer, '42')).rejects.toMatchObject({ code: 'RIGHTS_MISSING' });
      expect(await grant('--encrypt', '--erase')).toMatchObject({ code: 0, err: '' });
      await backstory.consumers.wait('granted');
      expect(wire.bytes()).not.toContain('Ada!');
      await expect(dataSource.query(`select from backstory.subject_keys`)).rejects.toThrow(
        /permission denied/,
      );
      const ofReceiver = new URL(url.href);
      ofReceiver.username = receiver;
      const client = new Client({ connectionString: ofReceiver.href });
      await client.connect();
      try {
        const keys = databaseSubjectKeys(client, { keys: environmentKeys(variable) });
        await expect(keys.find(['customer:42'])).rejects.toMatchObject({
          code: 'RIGHTS_MISSING',
          message: expect.stringMatching(/GRANT EXECUTE ON FUNCTION "backstory".subject_keys_of/),
        });
        await people.query(
          `grant usage on schema backstory to ${receiver}; grant execute on function backstory.subject_keys_of(text[]) to ${receiver}`,
        );
        expect((await keys.find(['customer:42'])).get('customer:42')).toHaveLength(32);
        const destroy = `select backstory.destroy_subject_keys(array['customer:43'])`;
        await expect(client.query(destroy)).rejects.toThrow(/permission denied/);
        await dataSource.query(destroy);
        expect((await backstory.erase(Customer, '42')).keysDestroyed).toEqual(['customer:42']);
        expect((await keys.find(['customer:42'])).get('customer:42')).toBe('erased');
      } finally {
        await client.end();
      }
    } finally {
      await backstory.close();
      await dataSource.destroy();
      for (const name of [role, receiver]) await people.query(`drop owned by ${name}; drop role ${name}`);
    }
  });
});
