import { createCipheriv, type KeyObject } from 'node:crypto';
import type { EncryptedValue } from './encrypted-value.js';
import { nonce } from './nonce.js';
import { boundTo, type ValuePlace } from './value-place.js';

const format = Buffer.of(1);

/** AES-256-GCM with a random nonce of 96 bits (NIST SP 800-38D): good for 2^32 values of one key. */
export function encryptValue(
  key: KeyObject,
  subjects: readonly string[],
  place: ValuePlace,
  value: unknown,
): EncryptedValue {
  const iv = nonce();
  const cipher = createCipheriv('aes-256-gcm', key, iv).setAAD(boundTo(place));
  const body = cipher.update(JSON.stringify(value), 'utf8');
  // writes nothing more in this mode, and makes the tag
  cipher.final();
  const $encrypted = Buffer.concat([format, iv, body, cipher.getAuthTag()]).toString('base64url');
  return { $encrypted, subjects };
}
