import { randomBytes } from 'node:crypto';
import { BackstoryError, databaseSubjectKeys, decryptEvents, environmentKeys } from '@backstory/adapter';
import { Wire } from '../integration/encryption/wire.js';
import { Customer, openPeople, type People, Purchase, PurchaseLine } from '../integration/erasure/people.js';
import { seededRandom, seedOfRun } from '../library/random.js';

const seed = seedOfRun();
const variable = 'BACKSTORY_KEYS_OF_ENCRYPTED_RELAYS_SPEC';
const chosen = ['name', 'email', 'settings', 'shipTo'];

interface LoggedEvent {
  readonly name: string;
  readonly data: Record<string, unknown>;
  readonly erased: string[] | null;
}

describe(`what relays encrypt, seed ${seed}`, () => {
  let people: People;

  beforeEach(async () => {
    process.env[variable] = randomBytes(32).toString('base64');
    people = await openPeople({ encryption: { keys: environmentKeys(variable) } });
  });

  afterEach(async () => {
    await people.close();
    delete process.env[variable];
  });

  it.each([0, 1, 2])(
    'is what the log has for who lives, null for who is erased, and plain text never (run %i)',
    async (run) => {
      const random = seededRandom(seed + run);
      const { backstory, dataSource } = people;
      const { manager } = dataSource;
      const erased = new Set<string>();
      let written = 0;
      // to be found on the wire, wherever it stands
      const secret = (): string => `secret-${written++}-`;
      const id = (): number => random.integer(1, 9);
      const wires = [new Wire(), new Wire(), new Wire()];
      const log = new Map<string, LoggedEvent>();
      const writes: (() => Promise<unknown>)[] = [
        () =>
          manager.save(Customer, { id: id(), name: secret(), email: random.next() < 0.5 ? secret() : null }),
        () => manager.update(Customer, id(), { settings: { deep: [secret()] } }),
        () => manager.delete(Customer, id()),
        () => manager.save(Purchase, { id: id(), shipTo: secret(), total: random.integer(0, 9), lines: [] }),
        () => manager.update(Purchase, id(), { shipTo: secret() }),
        async () => {
          const [row] = await manager.find(Customer, { where: { id: id() } });
          await manager.update(Purchase, id(), {
            customer: row ?? null,
            ...(random.next() < 0.5 && { shipTo: secret() }),
          });
        },
        async () => {
          const [purchase] = await manager.find(Purchase, { where: { id: id() } });
          if (!purchase) return;
          const line = {
            id: `${id()}.%`,
            purchase,
            engraving: secret(),
            giftFor: random.next() < 0.5 ? id() : null,
          };
          await manager.save(PurchaseLine, line);
        },
        () => manager.update(PurchaseLine, `${id()}.%`, { engraving: secret() }),
        () => manager.update(PurchaseLine, `${id()}.%`, { giftFor: random.next() < 0.7 ? id() : null }),
        () => manager.delete(Purchase, id()),
      ];
      for (const [round, wire] of wires.entries()) {
        for (let n = 0; n < 80; n++) await random.pick(writes)?.();
        if (random.next() < 0.5)
          await backstory.archive.move({ before: new Date(Date.now() + 86_400_000), events: 2 });
        for (const event of await people.query<LoggedEvent>(
          `select concat(category, '-', stream_id, '@', stream_position) as name, data, metadata -> 'erased' as erased from backstory.all_events`,
        ))
          if (!log.has(event.name)) log.set(event.name, event);
        const name = `relay${round}`;
        backstory.consumers.relay({
          name,
          publisher: wire,
          from: 'beginning',
          batchSize: random.integer(1, 40),
        });
        await backstory.consumers.start();
        await backstory.consumers.wait(name);
        await backstory.consumers.stop();
        backstory.consumers.forget(name);
        const customer = id();
        const subject = `customer:${customer}`;
        try {
          await backstory.erasure.eraseSubject(subject);
          erased.add(subject);
        } catch (error) {
          // somebody of whom nothing was ever said
          if (!BackstoryError.is(error, 'AGGREGATE_NOT_FOUND')) throw error;
          expect([...log.keys()].filter((name) => name.startsWith(`customer-${customer}@`))).toEqual([]);
        }
      }
      const keys = databaseSubjectKeys(dataSource, { keys: environmentKeys(variable) });
      const dead = await people.query<{ subject: string }>(
        `select subject from backstory.subject_keys where state = 'erased'`,
      );
      const isErased = new Set(dead.map(({ subject }) => subject));
      for (const each of erased) expect(isErased).toContain(each);
      const ofPurchase = subjectsOf([...log.values()]);
      let [living, gone] = [0, 0];
      for (const wire of wires) {
        expect(wire.bytes()).not.toContain('secret-');
        const sent = wire.events();
        const received = await decryptEvents(sent, keys);
        for (const [index, { event, erased: marks }] of received.entries()) {
          const name = event.id;
          const logged = log.get(name);
          if (event.metadata?.includes('"origin":"archive"') || !logged) continue;
          const [of, is] = [flat(logged.data), flat(event.data)];
          expect([name, Object.keys(is)]).toEqual([name, Object.keys(of)]);
          for (const [path, value] of Object.entries(is)) {
            const was = flat(sent[index]?.data ?? {})[path] as { subjects?: string[] } | null | undefined;
            const subjects = was?.subjects;
            const property = path.split(' ').at(-1) ?? '';
            const isChosen = chosen.includes(property) || property === 'engraving';
            if (subjects?.some((each) => isErased.has(each)) || (isChosen && marks.includes(markOf(path)))) {
              expect([name, path, value, marks]).toEqual([
                name,
                path,
                null,
                expect.arrayContaining([markOf(path)]),
              ]);
              gone++;
            } else {
              expect([name, path, value]).toEqual([name, path, of[path]]);
              if (subjects) living++;
              if (subjects && path.startsWith('shipTo'))
                expect([name, subjects]).toEqual([name, ofPurchase.get(name)]);
              expect([name, path, subjects !== undefined]).toEqual([name, path, isChosen && value !== null]);
            }
          }
        }
      }
      expect(Math.min(living, gone)).toBeGreaterThan(0);
    },
  );
});

/** Whom each event of a purchase is of, told the simple way: event by event, from the beginning. */
function subjectsOf(log: readonly LoggedEvent[]): Map<string, string[]> {
  const now = new Map<string, number | null>();
  const found = new Map<string, string[]>();
  const positionOf = ({ name }: LoggedEvent): number => Number(name.split('@')[1]);
  for (const { name, data } of [...log].sort((one, other) => positionOf(one) - positionOf(other))) {
    const [stream = ''] = name.split('@');
    const isWhole = 'total' in data && 'id' in data;
    const before = isWhole ? null : (now.get(stream) ?? null);
    const after = 'customer.id' in data ? (data['customer.id'] as number | null) : before;
    now.set(stream, after);
    const ids = [...new Set([before, after])].filter((each) => each !== null);
    found.set(
      name,
      ids.length > 0 ? ids.map((each) => `customer:${each}`).sort() : [stream.replace('-', ':')],
    );
  }
  return found;
}

/** Values by their path, those of parts behind path and id. */
function flat(data: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(data).flatMap(([name, value]): [string, unknown][] => {
      if (name !== 'lines') return [[name, value]];
      return Object.entries(value as Record<string, Record<string, unknown> | null>).flatMap(
        ([id, patch]): [string, unknown][] =>
          patch === null
            ? [[`lines ${id}`, null]]
            : Object.entries(patch).map(([property, own]) => [`lines ${id} ${property}`, own]),
      );
    }),
  );
}

function markOf(path: string): string {
  return path
    .split(' ')
    .map((part, index, { length }) =>
      length === 3 && index === 1 ? part.replaceAll('%', '%25').replaceAll('.', '%2E') : part,
    )
    .join('.');
}
