import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import type { KeyContext, KeyProvider, WrappedKey } from '../../encryption/decryption/index.js';
import { type ContractOptions, declareContract, type Demands } from './declare-contract.js';

/** A provider that was made anew, as after a restart, with the keys that it has always had. */
export interface KeyProviderUnderTest {
  readonly provider: KeyProvider;
  readonly close?: () => Promise<void>;
}

export interface KeyProviderContractOptions extends ContractOptions {
  /** Whether it binds what it wraps to the subject. @defaultValue true */
  readonly subjects?: boolean;
}

/**
 * What encryption relies on, as tests. Every key provider of this package passes; run it on one of your own.
 * @param open - called once or twice for each test
 * @example keyProviderContract('our vault', async () => ({ provider }))
 */
export function keyProviderContract(
  name: string,
  open: () => Promise<KeyProviderUnderTest>,
  { subjects = true, ...framework }: KeyProviderContractOptions = {},
): void {
  const demands = { ...always, ...(subjects && boundToSubjects) };
  declareContract(`${name} as a key provider`, demands, framework, async (body) => {
    const opened: KeyProviderUnderTest[] = [];
    const next = async (): Promise<KeyProvider> => {
      const subject = await open();
      opened.push(subject);
      return subject.provider;
    };
    try {
      await body(next);
    } finally {
      for (const { close } of opened) await close?.();
    }
  });
}

const anna: KeyContext = { subject: 'customer:42' };
const bert: KeyContext = { subject: 'customer:43' };

const always: Demands<() => Promise<KeyProvider>> = {
  'unwraps what it has wrapped, also after a restart': async (open) => {
    const dataKey = randomBytes(32);
    const provider = await open();
    const wrapped = await provider.wrap(dataKey, anna);
    assertSame(await provider.unwrap(wrapped, anna), dataKey);
    assertSame(await (await open()).unwrap(stored(wrapped), anna), dataKey);
  },

  'says by which of its keys it has wrapped, and shows nothing of the data key': async (open) => {
    const dataKey = randomBytes(32);
    const { keyId, wrapped } = await (await open()).wrap(dataKey, anna);
    assert.ok(typeof keyId === 'string' && keyId !== '', 'keyId is a name');
    assert.equal(Buffer.from(wrapped).includes(dataKey), false);
  },

  'wraps 16 keys at once, each for itself': async (open) => {
    const provider = await open();
    const subjects = Array.from({ length: 16 }, (_, index) => ({ subject: `customer:${index}` }));
    const dataKeys = subjects.map(() => randomBytes(32));
    const wrapped = await Promise.all(
      subjects.map((subject, index) => provider.wrap(dataKeys[index] as Buffer, subject)),
    );
    const unwrapped = await Promise.all(
      subjects.map((subject, index) => provider.unwrap(wrapped[index] as WrappedKey, subject)),
    );
    unwrapped.forEach((each, index) => assertSame(each, dataKeys[index] as Buffer));
  },

  'unwraps nothing that was changed or cut, or that a key has wrapped that it does not have': async (
    open,
  ) => {
    const provider = await open();
    const key = await provider.wrap(randomBytes(32), anna);
    const changed = Uint8Array.from(key.wrapped, (byte, index) =>
      index === key.wrapped.length - 1 ? byte ^ 1 : byte,
    );
    await assert.rejects(provider.unwrap({ ...key, wrapped: changed }, anna));
    await assert.rejects(provider.unwrap({ ...key, wrapped: key.wrapped.slice(0, 5) }, anna));
    await assert.rejects(provider.unwrap({ ...key, keyId: 'of-nobody' }, anna));
  },
};

const boundToSubjects: Demands<() => Promise<KeyProvider>> = {
  'unwraps for the subject alone that it has wrapped for': async (open) => {
    const provider = await open();
    const wrapped = await provider.wrap(randomBytes(32), anna);
    await assert.rejects(provider.unwrap(wrapped, bert));
  },
};

/** As it comes back from a column. */
function stored({ keyId, wrapped }: WrappedKey): WrappedKey {
  return { keyId, wrapped: Buffer.from(Buffer.from(wrapped).toString('hex'), 'hex') };
}

function assertSame(actual: Uint8Array, expected: Uint8Array): void {
  assert.equal(Buffer.from(actual).toString('hex'), Buffer.from(expected).toString('hex'));
}
