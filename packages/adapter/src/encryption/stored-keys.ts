import { quoteIdentifier } from '../database/index.js';
import type { WrappedKey } from './providers/index.js';

/** What the table says of some subjects. Those that it doesn't name were never given a key. */
export type StoredKeys = ReadonlyMap<string, WrappedKey | 'erased'>;

export interface StoredKeyRow {
  readonly subject: string;
  readonly state: 'living' | 'erased';
  /** Hexadecimal; these are null of an erased one. */
  readonly wrapped: string | null;
  readonly key_id: string | null;
}

/** `$1`: the subjects. */
export function storedKeysSql(schema: string): string {
  return `select subject, state, wrapped, key_id from ${quoteIdentifier(schema)}.subject_keys_of($1::text[])`;
}

export function storedKeys(rows: readonly StoredKeyRow[]): StoredKeys {
  return new Map(
    rows.map(({ subject, wrapped, key_id: keyId }) => [
      subject,
      wrapped === null || keyId === null ? 'erased' : { keyId, wrapped: Buffer.from(wrapped, 'hex') },
    ]),
  );
}
