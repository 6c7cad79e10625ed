import { gunzipSync } from 'node:zlib';
import { BackstoryError } from '../../errors.js';

/**
 * The text of a body, unpacked where it is gzip: no JSON begins as that does, so it doesn't matter whether a client has unpacked it already.
 * @throws BackstoryError NOT_A_CLOUD_EVENT for one that comes to more than `maxBytes`
 */
export function inflated(body: string | Uint8Array, maxBytes: number): string {
  if (typeof body === 'string') return body;
  const bytes = Buffer.from(body.buffer, body.byteOffset, body.byteLength);
  if (bytes[0] !== 0x1f || bytes[1] !== 0x8b) return bytes.toString('utf8');
  try {
    return gunzipSync(bytes, { maxOutputLength: maxBytes }).toString('utf8');
  } catch (error) {
    throw new BackstoryError(
      'NOT_A_CLOUD_EVENT',
      `The message is no CloudEvent: its body can't be unpacked, or comes to more than ${maxBytes} bytes.`,
      'Pass on the body as it came. Where it is that large, unpack it before.',
      { cause: error },
    );
  }
}
