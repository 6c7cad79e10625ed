import type { KeyProvider } from './key-provider.js';

/** What is wrapped, as AWS KMS names it. */
export interface KmsEncryptInput {
  readonly KeyId: string;
  readonly Plaintext: Uint8Array;
  readonly EncryptionContext: Record<string, string>;
}

/** What is unwrapped. */
export interface KmsDecryptInput {
  readonly KeyId: string;
  readonly CiphertextBlob: Uint8Array;
  readonly EncryptionContext: Record<string, string>;
}

/** `KMS` of `@aws-sdk/client-kms`, or whatever encrypts and decrypts in its way. */
export interface KmsClient {
  encrypt(input: KmsEncryptInput): Promise<{ CiphertextBlob?: Uint8Array; KeyId?: string }>;
  decrypt(input: KmsDecryptInput): Promise<{ Plaintext?: Uint8Array }>;
}

/** `KMSClient` of `@aws-sdk/client-kms`, which is given commands. */
export interface KmsCommandClient {
  // a method, so that a client of any commands fits
  send(command: never): Promise<unknown>;
}

export interface KmsKeyOptions {
  client: KmsClient | KmsCommandClient;
  /** The key that wraps now: an id, ARN or alias, as the client takes it. What others have wrapped is unwrapped by the id that is kept beside it. */
  keyId: string;
  /** Those of `@aws-sdk/client-kms`, for a client with `send`. */
  EncryptCommand?: new (input: KmsEncryptInput) => unknown;
  DecryptCommand?: new (input: KmsDecryptInput) => unknown;
}

/**
 * Wraps data keys by a key that never leaves a key management service. One call for each subject that a relay meets for the first
 * time, or that it has forgotten. The encryption context is the subject, `{ subject: 'customer:42' }`: AWS CloudTrail records it.
 * The data keys are made in this process; `Encrypt` and `Decrypt` are all that its role needs.
 * @example const keys = kmsKeys({ client: new KMS(), keyId: 'alias/backstory' });
 */
export function kmsKeys({ client, keyId, EncryptCommand, DecryptCommand }: KmsKeyOptions): KeyProvider {
  const kms = 'encrypt' in client ? client : commandsOf(client, EncryptCommand, DecryptCommand);
  return {
    wrap: async (dataKey, { subject }) => {
      const answer = await kms.encrypt({ KeyId: keyId, Plaintext: dataKey, EncryptionContext: { subject } });
      if (!answer.CiphertextBlob) throw new TypeError('kmsKeys: Encrypt has given no CiphertextBlob.');
      // an alias may name another key one day
      return { keyId: answer.KeyId ?? keyId, wrapped: answer.CiphertextBlob };
    },
    unwrap: async ({ keyId: wrappedBy, wrapped }, { subject }) => {
      const answer = await kms.decrypt({
        KeyId: wrappedBy,
        CiphertextBlob: wrapped,
        EncryptionContext: { subject },
      });
      if (!answer.Plaintext) throw new TypeError('kmsKeys: Decrypt has given no Plaintext.');
      return answer.Plaintext;
    },
  };
}

function commandsOf(
  client: KmsCommandClient,
  Encrypt: KmsKeyOptions['EncryptCommand'],
  Decrypt: KmsKeyOptions['DecryptCommand'],
): KmsClient {
  if (!Encrypt || !Decrypt)
    throw new TypeError('kmsKeys: a client without encrypt() needs EncryptCommand and DecryptCommand, too.');
  return {
    encrypt: (input) => client.send(new Encrypt(input) as never) as ReturnType<KmsClient['encrypt']>,
    decrypt: (input) => client.send(new Decrypt(input) as never) as ReturnType<KmsClient['decrypt']>,
  };
}
