import type { KeyProvider, WrappedKey } from './providers/index.js';
import type { StoredKeys } from './stored-keys.js';

interface Unwrapped {
  readonly from: Uint8Array;
  readonly dataKey: Uint8Array;
}

/** Data keys that a provider has unwrapped, so that it isn't asked for each event: used only while the table has the same bytes. */
export class UnwrappedKeys {
  /** The longest unused first. */
  private readonly kept = new Map<string, Unwrapped>();

  constructor(
    private readonly provider: KeyProvider,
    /** 10 000 keys take some 2 MB. */
    private readonly limit = 10_000,
  ) {}

  /** The same with data keys in place of wrapped ones. Sixteen are unwrapped at a time. */
  async of(stored: StoredKeys): Promise<Map<string, Uint8Array | 'erased'>> {
    const found = new Map<string, Uint8Array | 'erased'>();
    const unknown: [subject: string, key: WrappedKey][] = [];
    for (const [subject, key] of stored) {
      const known = this.kept.get(subject);
      this.kept.delete(subject);
      if (key === 'erased') found.set(subject, key);
      else if (known && Buffer.compare(known.from, key.wrapped) === 0) {
        this.kept.set(subject, known);
        found.set(subject, known.dataKey);
      } else unknown.push([subject, key]);
    }
    for (let first = 0; first < unknown.length; first += 16) {
      await Promise.all(
        unknown.slice(first, first + 16).map(async ([subject, key]) => {
          found.set(subject, this.keep(subject, key, await this.provider.unwrap(key, { subject })));
        }),
      );
    }
    return found;
  }

  keep(subject: string, { wrapped }: WrappedKey, dataKey: Uint8Array): Uint8Array {
    if (this.limit === 0) return dataKey;
    const [oldest] = this.kept.keys();
    if (this.kept.size >= this.limit && oldest !== undefined) this.kept.delete(oldest);
    this.kept.set(subject, { from: wrapped, dataKey });
    return dataKey;
  }
}
