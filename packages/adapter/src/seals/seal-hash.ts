import { hash } from 'node:crypto';

/** Every hash of a seal is a SHA-256. Of a text: of its bytes in UTF-8. */
export function sealHash(input: string | Uint8Array): Buffer {
  return hash('sha256', input, 'buffer');
}
