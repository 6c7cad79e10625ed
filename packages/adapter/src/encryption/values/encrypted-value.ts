/** What stands in the data of a message in place of a value. */
export interface EncryptedValue {
  /** Base64url of: format (1 byte, 1), nonce (12), ciphertext, tag (16). */
  readonly $encrypted: string;
  /** Whose it is, such as `customer:42`: readable as long as the keys of all of them live. In order. */
  readonly subjects: readonly string[];
}

/** Whether a value says that it is an encrypted one, well formed or not. Relays let nothing else out that does. */
export function saysEncrypted(value: unknown): value is Partial<EncryptedValue> {
  if (typeof value !== 'object' || value === null || !Object.hasOwn(value, '$encrypted')) return false;
  // parts by id, one of which has this id
  return typeof (value as { $encrypted: unknown }).$encrypted !== 'object';
}
