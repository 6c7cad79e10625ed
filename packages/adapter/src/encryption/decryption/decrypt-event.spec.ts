import { randomBytes } from 'node:crypto';
import fc from 'fast-check';
import type { CloudEvent } from '../../brokers/cloud-events/index.js';
import type { EventData } from '../../event/index.js';
import { encryptValue, valueKey } from '../values/index.js';
import { decryptEvent, decryptEvents } from './decrypt-event.js';
import type { SubjectKeys } from './subject-keys.js';

const ada = randomBytes(32);
const mary = randomBytes(32);

function lookup(keys: Record<string, Uint8Array | 'erased'>): SubjectKeys & { asked: string[][] } {
  const asked: string[][] = [];
  return {
    asked,
    find: (subjects) => {
      asked.push([...subjects]);
      return Promise.resolve(new Map(Object.entries(keys).filter(([name]) => subjects.includes(name))));
    },
  };
}

const living = lookup({ 'customer:1': ada, 'customer:2': mary });

function message(data: EventData, rest: Partial<CloudEvent> = {}): CloudEvent {
  return {
    specversion: '1.0',
    id: 'order-42@3',
    source: '/shop',
    type: 'OrderUpdated',
    subject: 'order-42',
    time: '2026-01-01T00:00:00.000Z',
    datacontenttype: 'application/json',
    partitionkey: 'order-42',
    streamposition: '3',
    globalposition: '7',
    change: 'updated',
    schemaversion: '1',
    data,
    ...rest,
  };
}

const place = { stream: 'order-42', position: 3, epoch: undefined, path: ['shipTo'] } as const;
const encrypted = (value: unknown): ReturnType<typeof encryptValue> =>
  encryptValue(valueKey(['customer:1'], [ada]), ['customer:1'], place, value);
const nothing = { $encrypted: 'AQ', subjects: ['customer:1'] };

describe('an encrypted event', () => {
  it('gives back any value, of a property and of a part, and leaves the rest alone', async () => {
    await fc.assert(
      fc.asyncProperty(fc.jsonValue(), fc.jsonValue(), fc.string(), async (value, own, id) => {
        const subjects = ['customer:1', 'customer:2'];
        const key = valueKey(subjects, [ada, mary]);
        const data = {
          total: 5,
          shipTo: encrypted(value),
          lines: {
            other: null,
            [id]: {
              quantity: 1,
              text: encryptValue(key, subjects, { ...place, path: ['lines', id, 'text'] }, own),
            },
          },
        };
        const { event, erased, unknown } = await decryptEvent(message(data), living);
        const plain = { total: 5, shipTo: value, lines: { other: null, [id]: { quantity: 1, text: own } } };
        expect(JSON.stringify(event.data)).toBe(JSON.stringify(plain));
        expect([erased, unknown, event.metadata]).toEqual([[], [], undefined]);
      }),
    );
  });

  it('is null where a key is erased, with marks beside those that the log has', async () => {
    const subjects = ['customer:1', 'customer:2'];
    const both = encryptValue(
      valueKey(subjects, [ada, mary]),
      subjects,
      { ...place, path: ['lines', '7.a', 'text'] },
      'x',
    );
    const data = { name: null, shipTo: encrypted('here'), lines: { '7.a': { text: both } } };
    const sent = message(data, { metadata: '{"origin":"capture","erased":["name"]}' });
    const { event, erased } = await decryptEvent(sent, lookup({ 'customer:1': ada, 'customer:2': 'erased' }));
    expect(event.data).toEqual({ name: null, shipTo: 'here', lines: { '7.a': { text: null } } });
    expect(erased).toEqual(['lines.7%2Ea.text', 'name']);
    expect(JSON.parse(event.metadata ?? '')).toEqual({ origin: 'capture', erased });
  });

  it('whose key nobody knows is an error, or null and named', async () => {
    const sent = message({ shipTo: encrypted('here') });
    await expect(decryptEvent(sent, lookup({}))).rejects.toMatchObject({
      code: 'SUBJECT_KEY_UNKNOWN',
      message: expect.stringMatching(/"shipTo" of order-42@3[^]*customer:1[^]*not erased/),
    });
    const { event, erased, unknown } = await decryptEvent(sent, lookup({}), { unknown: 'null' });
    expect([event.data, erased, unknown]).toEqual([{ shipTo: null }, [], ['shipTo']]);
  });

  it('is looked up once for many, and not at all without an encrypted value', async () => {
    const keys = lookup({ 'customer:1': ada });
    const sent = message({ shipTo: encrypted('here') });
    await decryptEvents([sent, sent, sent], keys);
    expect(keys.asked).toEqual([['customer:1']]);
    const plain = message({ shipTo: 'here', settings: { a: [{ $encrypted: 'deep' }] } });
    expect((await decryptEvent(plain, keys)).event).toBe(plain);
    expect(keys.asked.length).toBe(1);
  });

  it.each<[string, CloudEvent]>([
    ['of another stream', message({ shipTo: encrypted('a') }, { subject: 'order-43' })],
    ['at another position', message({ shipTo: encrypted('a') }, { streamposition: '4' })],
    ['in another epoch', message({ shipTo: encrypted('a') }, { epoch: '5' })],
    ['under another property', message({ billTo: encrypted('a') })],
    ['of a part', message({ shipTo: { '1': { text: encrypted('a') } } })],
    ['for another subject', message({ shipTo: { ...encrypted('a'), subjects: ['customer:2'] } })],
    [
      'for one more subject',
      message({ shipTo: { ...encrypted('a'), subjects: ['customer:1', 'customer:2'] } }),
    ],
    ['for nobody', message({ shipTo: { ...encrypted('a'), subjects: [] } })],
    ['that names no subject', message({ shipTo: { $encrypted: encrypted('a').$encrypted } })],
    ['that is too short', message({ shipTo: nothing })],
    ['that is no text', message({ shipTo: { ...nothing, $encrypted: 7 } })],
    [
      'of a later format',
      message({ shipTo: { ...nothing, $encrypted: Buffer.alloc(40, 2).toString('base64url') } }),
    ],
    ['with more behind it', message({ shipTo: { ...nothing, $encrypted: `${encrypted('a').$encrypted}!` } })],
  ])('is refused: a value %s', async (_what, sent) => {
    await expect(decryptEvent(sent, living, { unknown: 'null' })).rejects.toMatchObject({
      code: 'CIPHERTEXT_REFUSED',
    });
  });

  it('is refused with any bit changed', async () => {
    const { $encrypted, subjects } = encrypted('St James Square');
    const bytes = Buffer.from($encrypted, 'base64url');
    for (let bit = 0; bit < bytes.length * 8; bit++) {
      const changed = Buffer.from(bytes);
      changed[bit >> 3]! ^= 1 << (bit & 7);
      const sent = message({ shipTo: { subjects, $encrypted: changed.toString('base64url') } });
      await expect(decryptEvent(sent, living)).rejects.toMatchObject({ code: 'CIPHERTEXT_REFUSED' });
    }
  });

  it('never has the same bytes twice', () => {
    expect(encrypted('same').$encrypted).not.toBe(encrypted('same').$encrypted);
  });
});
