/** A data key, as its provider has wrapped it. */
export interface WrappedKey {
  /** Names the provider's key that has wrapped it, so that this can be replaced by another. Kept beside it. */
  readonly keyId: string;
  readonly wrapped: Uint8Array;
}

/** What a data key is for. */
export interface KeyContext {
  /** Such as `customer:42`. Bound to what is wrapped, by providers that can: it can't be unwrapped for another subject. */
  readonly subject: string;
}

/**
 * Holds the keys that data keys are wrapped with, outside of the database: `fileKeys` for development, `environmentKeys`, `kmsKeys`,
 * or one of your own. Called with several data keys at once, 16 at most. Whatever it throws reaches the caller as it is: a relay waits and tries again.
 */
export interface KeyProvider {
  /** @param dataKey - 32 bytes */
  wrap(dataKey: Uint8Array, context: KeyContext): Promise<WrappedKey>;
  /** @throws where it doesn't have the key of this id, or the bytes were not wrapped with it for this subject */
  unwrap(key: WrappedKey, context: KeyContext): Promise<Uint8Array>;
}
