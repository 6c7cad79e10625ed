import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';
import { mkdtempSync } from 'node:fs';
import { chmod, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { environmentKeys } from './environment-keys.js';
import { fileKeys } from './file-keys.js';
import { keyProviderContract } from '../../testing/index.js';
import { type KmsDecryptInput, type KmsEncryptInput, kmsKeys } from './kms-keys.js';

const dataKey = randomBytes(32);
const context = { subject: 'customer:42' };
const secret = (): string => randomBytes(32).toString('base64');

const ofThisRun = `2026=${secret()}`;
keyProviderContract('environmentKeys', () => {
  process.env.BACKSTORY_KEYS_OF_THE_CONTRACT = ofThisRun;
  return Promise.resolve({ provider: environmentKeys('BACKSTORY_KEYS_OF_THE_CONTRACT') });
});

const keyFolder = mkdtempSync(join(tmpdir(), 'backstory-contract-'));
afterAll(() => rm(keyFolder, { recursive: true }));
keyProviderContract('fileKeys', () => Promise.resolve({ provider: fileKeys(join(keyFolder, 'keys')) }));

describe('keys from the environment', () => {
  const variable = 'BACKSTORY_KEYS_OF_THIS_SPEC';
  const keysOf = (text: string): ReturnType<typeof environmentKeys> => {
    process.env[variable] = text;
    return environmentKeys(variable);
  };

  afterEach(() => void delete process.env[variable]);

  it('are replaced by a new one in front, and miss one that was taken away', async () => {
    const [former, present] = [`2026=${secret()}`, `2027=${secret()}`];
    const wrapped = await keysOf(former).wrap(dataKey, context);
    const both = keysOf(`${present},${former}`);
    expect((await both.wrap(dataKey, context)).keyId).toBe('2027');
    expect(Buffer.from(await both.unwrap(wrapped, context))).toEqual(dataKey);
    await expect(keysOf(present).unwrap(wrapped, context)).rejects.toMatchObject({
      code: 'WRAPPING_KEY_UNKNOWN',
      message: expect.stringMatching(/customer:42[^]*no key "2026"/),
    });
    await expect(keysOf(`2026=${secret()}`).unwrap(wrapped, context)).rejects.toThrow(/another key "2026"/);
  });

  it('need no id where there is one only', async () => {
    expect((await keysOf(secret()).wrap(dataKey, context)).keyId).toBe('default');
  });

  it.each([
    ['', /no key in it/],
    [`2026=${randomBytes(16).toString('base64')}`, /key 1 is not 32 bytes/],
    [`2026=${secret()},my secret`, /key 2 is not 32 bytes/],
    [`a=${secret()},a=${secret()}`, /two keys "a"/],
  ])('are refused in words without the secret (%#)', async (text, words) => {
    const error: unknown = await keysOf(text)
      .wrap(dataKey, context)
      .catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ code: 'KEYS_UNUSABLE', message: expect.stringMatching(words) });
    for (const part of text.split(/[=,]/).filter((each) => each.length > 4))
      expect((error as Error).message).not.toContain(part);
  });

  it('that are not set are found later', async () => {
    const keys = environmentKeys(variable);
    await expect(keys.wrap(dataKey, context)).rejects.toMatchObject({ code: 'KEYS_UNUSABLE' });
    process.env[variable] = secret();
    expect((await keys.wrap(dataKey, context)).keyId).toBe('default');
  });
});

describe('keys in a file', () => {
  let folder: string;

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'backstory-keys-'));
  });

  afterEach(() => rm(folder, { recursive: true }));

  it('are made where they are not there, for nobody else to read, by one of many', async () => {
    const file = join(folder, 'keys');
    const wrapped = await Promise.all(
      Array.from({ length: 16 }, () => fileKeys(file).wrap(dataKey, context)),
    );
    expect((await stat(file)).mode & 0o777).toBe(0o600);
    expect(await readdir(folder)).toEqual(['keys']);
    const again = fileKeys(file);
    for (const each of wrapped) expect(Buffer.from(await again.unwrap(each, context))).toEqual(dataKey);
    expect(await readFile(file, 'utf8')).toMatch(/^\d{4}-\d\d-\d\d-[0-9a-f]{8}=[A-Za-z0-9+/]{43}=\n$/);
  });

  it.each([0o640, 0o604, 0o620])('are refused with mode %o', async (mode) => {
    const file = join(folder, 'keys');
    await writeFile(file, `a=${secret()}\n`);
    await chmod(file, mode);
    await expect(fileKeys(file).wrap(dataKey, context)).rejects.toMatchObject({
      code: 'KEYS_UNUSABLE',
      message: expect.stringMatching(new RegExp(`mode is 0${mode.toString(8)}[^]*chmod 600`)),
    });
    await chmod(file, 0o600);
    expect((await fileKeys(file).wrap(dataKey, context)).keyId).toBe('a');
  });

  it('that can not be made say so', async () => {
    await expect(fileKeys(join(folder, 'none', 'keys')).wrap(dataKey, context)).rejects.toMatchObject({
      code: 'KEYS_UNUSABLE',
    });
  });
});

describe('keys of a service', () => {
  const nonce = Buffer.alloc(12);

  /** Seals what it is given for its encryption context, as AWS KMS does. */
  class Kms {
    readonly asked: object[] = [];
    private readonly key = Buffer.alloc(32, 7);

    encrypt(input: KmsEncryptInput): Promise<{ CiphertextBlob: Uint8Array; KeyId: string }> {
      this.asked.push(input.EncryptionContext);
      const cipher = createCipheriv('aes-256-gcm', this.key, nonce);
      cipher.setAAD(Buffer.from(JSON.stringify(input.EncryptionContext)));
      const body = Buffer.concat([cipher.update(input.Plaintext), cipher.final()]);
      const CiphertextBlob = Buffer.concat([cipher.getAuthTag(), body]);
      return Promise.resolve({ CiphertextBlob, KeyId: `arn:${input.KeyId}` });
    }

    decrypt(input: KmsDecryptInput): Promise<{ Plaintext: Uint8Array }> {
      this.asked.push(input);
      if (input.KeyId !== 'arn:alias/shop') return Promise.reject(new Error('NotFoundException'));
      const blob = Buffer.from(input.CiphertextBlob);
      return Promise.resolve().then(() => {
        const decipher = createDecipheriv('aes-256-gcm', this.key, nonce, { authTagLength: 16 });
        decipher.setAuthTag(blob.subarray(0, 16));
        decipher.setAAD(Buffer.from(JSON.stringify(input.EncryptionContext)));
        return { Plaintext: Buffer.concat([decipher.update(blob.subarray(16)), decipher.final()]) };
      });
    }
  }

  class EncryptCommand {
    constructor(readonly encrypt: KmsEncryptInput) {}
  }

  class DecryptCommand {
    constructor(readonly decrypt: KmsDecryptInput) {}
  }

  const kms = new Kms();
  const ofCommands = {
    send: (command: EncryptCommand | DecryptCommand): Promise<unknown> =>
      'encrypt' in command ? kms.encrypt(command.encrypt) : kms.decrypt(command.decrypt),
  };

  const clients = [
    ['with methods', kmsKeys({ client: new Kms(), keyId: 'alias/shop' })],
    ['with commands', kmsKeys({ client: ofCommands, keyId: 'alias/shop', EncryptCommand, DecryptCommand })],
  ] as const;
  for (const [how, provider] of clients)
    keyProviderContract(`kmsKeys by a client ${how}`, () => Promise.resolve({ provider }));

  it.each(clients)('wrap by a client %s under the id that it answers with', async (_how, keys) => {
    expect((await keys.wrap(dataKey, context)).keyId).toBe('arn:alias/shop');
  });

  it('bind the subject, and need the commands of a client that takes them', () => {
    expect(kms.asked).toContainEqual(context);
    expect(kms.asked).toContainEqual(
      expect.objectContaining({ KeyId: 'arn:alias/shop', EncryptionContext: context }),
    );
    expect(() => kmsKeys({ client: ofCommands, keyId: 'a' })).toThrow(/EncryptCommand/);
  });
});
