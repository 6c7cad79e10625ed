import { createDecipheriv, type KeyObject } from 'node:crypto';
import { BackstoryError } from '../../errors.js';
import { markOf } from '../../event/index.js';
import type { EncryptedValue } from './encrypted-value.js';
import { boundTo, type ValuePlace } from './value-place.js';

const shortest = 1 + 12 + 16;

/** @throws BackstoryError CIPHERTEXT_REFUSED where it isn't what was encrypted at this place */
export function decryptValue(key: KeyObject, { $encrypted }: EncryptedValue, place: ValuePlace): unknown {
  const bytes = Buffer.from($encrypted, 'base64url');
  // base64 is read leniently: what is not written as we write it is another text
  if (bytes.toString('base64url') !== $encrypted || bytes.length < shortest)
    throw ciphertextRefused(place, 'it is no encrypted value');
  if (bytes[0] !== 1) throw ciphertextRefused(place, `it has format ${bytes[0]}, and this version knows 1`);
  try {
    const decipher = createDecipheriv('aes-256-gcm', key, bytes.subarray(1, 13), { authTagLength: 16 });
    decipher.setAAD(boundTo(place)).setAuthTag(bytes.subarray(-16));
    const text = Buffer.concat([decipher.update(bytes.subarray(13, -16)), decipher.final()]).toString('utf8');
    return JSON.parse(text) as unknown;
  } catch (error) {
    throw ciphertextRefused(
      place,
      'it was changed or moved on its way, or encrypted with a key that the database has lost since',
      error,
    );
  }
}

export function ciphertextRefused(
  { stream, position, path }: ValuePlace,
  why: string,
  cause?: unknown,
): BackstoryError {
  return new BackstoryError(
    'CIPHERTEXT_REFUSED',
    `"${markOf(path)}" of ${stream}@${position} can't be decrypted: ${why}.`,
    'Set the message aside and have it published again. If all of a subject are refused, their key was lost, as by a restore of the database.',
    { cause },
  );
}
