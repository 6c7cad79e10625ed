import { type ChildProcess, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { databaseSubjectKeys, decryptEvents, environmentKeys, type EventPublisher } from '@backstory/adapter';
import { seededRandom, seedOfRun } from '../../library/random.js';
import { Customer, openPeople, type People, Purchase } from '../erasure/people.js';
import { Wire } from './wire.js';

const seed = seedOfRun();
const variable = 'BACKSTORY_KEYS_OF_RACES_SPEC';

describe(`keys that many make and erase at once, seed ${seed}`, () => {
  let people: People;

  beforeEach(async () => {
    process.env[variable] = randomBytes(32).toString('base64');
    people = await openPeople({ encryption: { keys: environmentKeys(variable) } });
  });

  afterEach(async () => {
    await people.close();
    delete process.env[variable];
  });

  const relay = (name: string, publisher: EventPublisher): void =>
    void people.backstory.consumers.relay({ name, publisher, from: 'beginning', batchSize: 5 });
  const lookup = (): ReturnType<typeof databaseSubjectKeys> =>
    databaseSubjectKeys(people.dataSource, { keys: environmentKeys(variable) });

  it('are one for each subject, whoever makes it, and stay erased', async () => {
    const { backstory, dataSource } = people;
    const ids = Array.from({ length: 60 }, (_, id) => id);
    await dataSource.manager.insert(
      Customer,
      ids.map((id) => ({ id, name: `name ${id}` })),
    );
    const wires = Array.from({ length: 8 }, () => new Wire());
    wires.forEach((wire, n) => relay(`relay${n}`, wire));
    const random = seededRandom(seed);
    const erased = ids.filter(() => random.next() < 0.5);
    const afterErasure: { id: number; from: number[] }[] = [];
    await Promise.all([
      backstory.consumers.start(),
      (async () => {
        for (const id of erased) {
          await backstory.erasure.eraseSubject(`customer:${id}`);
          // from here on nothing of it can be read, whatever is under way
          afterErasure.push({ id, from: wires.map(({ messages }) => messages.length) });
          const found = await lookup().find([`customer:${id}`]);
          expect(found.get(`customer:${id}`)).toBe('erased');
        }
      })(),
    ]);
    await Promise.all(wires.map((_, n) => backstory.consumers.wait(`relay${n}`)));
    await backstory.consumers.stop();
    for (const wire of wires) {
      expect(wire.bytes()).not.toMatch(/name \d/);
      const decrypted = await decryptEvents(wire.events(), lookup());
      const created = decrypted.filter(({ event }) => event.change === 'created');
      expect(created.map(({ event }) => [event.subject, event.data['name']])).toEqual(
        ids.map((id) => [`customer-${id}`, erased.includes(id) ? null : `name ${id}`]),
      );
    }
    expect(afterErasure.length).toBe(erased.length);
    const states = await people.query<{ state: string; n: string }>(
      `select state, count(*) as n from backstory.subject_keys group by state order by state`,
    );
    expect(states).toEqual([
      { state: 'erased', n: `${erased.length}` },
      { state: 'living', n: `${ids.length - erased.length}` },
    ]);
  });

  it('that are erased between being found and being used make what comes of it unreadable', async () => {
    const { backstory, dataSource } = people;
    await dataSource.manager.insert(Customer, { id: 42, name: 'Ada!' });
    await dataSource.manager.save(Purchase, { id: 1, shipTo: 'Ada!', customer: { id: 42 }, lines: [] });
    const wire = new Wire();
    relay('late', {
      publish: async (events) => {
        // encrypted already
        await backstory.erasure.eraseSubject('customer:42');
        await wire.publish(events);
      },
    });
    await backstory.consumers.start();
    await backstory.consumers.wait('late');
    await backstory.consumers.stop();
    expect(wire.events().some(({ data: { name } }) => typeof name === 'object' && name !== null)).toBe(true);
    expect(JSON.stringify(await decryptEvents(wire.events(), lookup()))).not.toContain('Ada!');
  });

  it('of an erasure that is rolled back live on', async () => {
    const { backstory, dataSource } = people;
    await dataSource.manager.insert(Customer, { id: 42, name: 'Ada!' });
    const wire = new Wire();
    relay('first', wire);
    await backstory.consumers.start();
    await backstory.consumers.wait('first');
    const runner = dataSource.createQueryRunner();
    await runner.startTransaction();
    await runner.query(`select backstory.destroy_subject_keys(array['customer:42', 'customer:43'])`);
    await dataSource.manager.insert(Customer, { id: 43, name: 'Mary' });
    // its key waits for the transaction
    await sleep(300);
    expect(wire.messages.length).toBe(1);
    await runner.rollbackTransaction();
    await runner.release();
    await backstory.consumers.wait('first');
    await backstory.consumers.stop();
    expect((await decryptEvents(wire.events(), lookup())).map(({ event }) => event.data['name'])).toEqual([
      'Ada!',
      'Mary',
    ]);
  });

  it('outlive relays that are killed, and are as they were for who comes after', async () => {
    const { backstory, dataSource } = people;
    await dataSource.manager.insert(
      Customer,
      Array.from({ length: 3000 }, (_, id) => ({ id, name: `name ${id}` })),
    );
    const seen: string[] = [];
    for (let round = 0; round < 3; round++) {
      const child: ChildProcess = spawn(
        process.execPath,
        [
          '-r',
          join(__dirname, '../../typescript-process.cjs'),
          join(__dirname, 'relay-process.ts'),
          people.url,
          variable,
        ],
        { stdio: ['ignore', 'pipe', 'inherit'], env: { ...process.env } },
      );
      child.stdout?.on('data', (chunk: Buffer) => seen.push(chunk.toString()));
      await once(child.stdout as NodeJS.ReadableStream, 'data');
      await sleep(100);
      child.kill('SIGKILL');
      await once(child, 'exit');
      await backstory.erasure.eraseSubject(`customer:${round}`);
    }
    const wire = new Wire();
    backstory.consumers.relay({ name: 'killed', publisher: wire, from: 'beginning', batchSize: 500 });
    await backstory.consumers.start();
    await backstory.consumers.wait('killed', undefined, { timeoutMs: 60_000 });
    await backstory.consumers.stop();
    const lines = seen
      .join('')
      .split('\n')
      .filter((line) => line.startsWith('{') && line.endsWith('}'));
    expect(lines.length).toBeGreaterThan(0);
    const earlier = lines.map((line) => JSON.parse(line) as ReturnType<Wire['events']>[number]);
    const all = await decryptEvents([...earlier, ...wire.events()], lookup());
    const names = new Map<string, Set<unknown>>();
    for (const { event } of all)
      if (event.change === 'created')
        names.set(event.subject, (names.get(event.subject) ?? new Set()).add(event.data['name']));
    expect(names.size).toBe(3000);
    for (const [stream, found] of names) {
      const id = Number(stream.split('-')[1]);
      expect([stream, [...found]]).toEqual([stream, [id < 3 ? null : `name ${id}`]]);
    }
  }, 120_000);
});
