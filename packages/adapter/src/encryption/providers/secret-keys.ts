import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';
import { BackstoryError } from '../../errors.js';
import type { KeyContext, KeyProvider } from './key-provider.js';

const ivLength = 12;
const tagLength = 16;

/**
 * Wraps with AES-256-GCM under secrets that this process has: the first of them wraps, all of them unwrap. What is wrapped is bound
 * to its key's id and its subject.
 * @param secrets - gives them when they are first needed, and for what: 32 bytes each, by id. What it throws is what wrapping throws
 * @param whence - where they come from, for errors
 */
export function secretKeys(
  secrets: (use: 'wrap' | 'unwrap') => ReadonlyMap<string, Buffer> | Promise<ReadonlyMap<string, Buffer>>,
  whence: string,
): KeyProvider {
  let known: Promise<ReadonlyMap<string, Buffer>> | undefined;
  const all = (use: 'wrap' | 'unwrap'): Promise<ReadonlyMap<string, Buffer>> => {
    // what has failed is tried again
    known ??= Promise.resolve()
      .then(() => secrets(use))
      .catch((error: unknown) => {
        known = undefined;
        throw error;
      });
    return known;
  };
  return {
    wrap: async (dataKey, context) => {
      const [[keyId, secret]] = [...(await all('wrap'))] as [[string, Buffer]];
      const iv = randomBytes(ivLength);
      const cipher = createCipheriv('aes-256-gcm', secret, iv).setAAD(bound(keyId, context));
      return {
        keyId,
        wrapped: Buffer.concat([iv, cipher.update(dataKey), cipher.final(), cipher.getAuthTag()]),
      };
    },
    unwrap: async ({ keyId, wrapped }, context) => {
      const secret = (await all('unwrap')).get(keyId);
      if (!secret) throw unknownKey(`has no key "${keyId}"`, whence, context);
      const bytes = Buffer.from(wrapped);
      try {
        const iv = bytes.subarray(0, ivLength);
        const decipher = createDecipheriv('aes-256-gcm', secret, iv, { authTagLength: tagLength });
        decipher.setAAD(bound(keyId, context)).setAuthTag(bytes.subarray(-tagLength));
        return Buffer.concat([decipher.update(bytes.subarray(ivLength, -tagLength)), decipher.final()]);
      } catch (error) {
        throw unknownKey(
          `has another key "${keyId}" than the one that has wrapped it`,
          whence,
          context,
          error,
        );
      }
    },
  };
}

function bound(keyId: string, { subject }: KeyContext): Buffer {
  return Buffer.from(JSON.stringify(['backstory-key-1', keyId, subject]));
}

function unknownKey(what: string, whence: string, { subject }: KeyContext, cause?: unknown): BackstoryError {
  return new BackstoryError(
    'WRAPPING_KEY_UNKNOWN',
    `The data key of ${subject} can't be unwrapped: ${whence} ${what}.`,
    'Put the key that has wrapped it back, behind the one that wraps now.',
    { cause },
  );
}
