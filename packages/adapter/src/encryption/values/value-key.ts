import { createHmac, createSecretKey, type KeyObject } from 'node:crypto';

/** As long as the data key is kept in memory, so is what is derived of it. */
const derived = new WeakMap<Uint8Array, { readonly subject: string | undefined; readonly key: KeyObject }>();

/**
 * The key for values of some subjects, for which the data keys of all of them are needed. NIST SP 800-108 in counter mode with
 * HMAC-SHA256, one block, keyed by their data keys, one behind the other.
 * @param subjects - in order
 * @param dataKeys - 32 bytes each, in the same order
 */
export function valueKey(subjects: readonly string[], dataKeys: readonly Uint8Array[]): KeyObject {
  const [only] = dataKeys;
  if (!only || dataKeys.length > 1) return derive(subjects, Buffer.concat(dataKeys));
  const [subject] = subjects;
  const known = derived.get(only);
  if (known && known.subject === subject) return known.key;
  const key = derive(subjects, only);
  derived.set(only, { subject, key });
  return key;
}

function derive(subjects: readonly string[], dataKeys: Uint8Array): KeyObject {
  const hmac = createHmac('sha256', dataKeys);
  hmac
    .update('\0\0\0\x01backstory-value-1\0', 'latin1')
    .update(JSON.stringify(subjects))
    .update('\0\0\x01\0', 'latin1');
  return createSecretKey(hmac.digest());
}
