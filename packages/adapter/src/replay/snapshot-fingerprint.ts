import { createHash } from 'node:crypto';
import type { EntityMapping } from '../mapping/index.js';

/** Changes when the fold itself gives other states, or the form in which they are kept. */
const foldVersion = 1;

const known = new WeakMap<EntityMapping, string>();

/**
 * What a kept state depends on besides its events: a snapshot with another fingerprint is as good as none. Upcasters are
 * told by their text; what they call isn't seen, so a change there needs a new schema version or `rebuild`.
 */
export function snapshotFingerprint(mapping: EntityMapping): string {
  let fingerprint = known.get(mapping);
  if (fingerprint === undefined) {
    const { schemaVersion, upcasters, renamedTypes, renamed, parts } = mapping;
    const reducer = JSON.stringify(
      [
        foldVersion,
        schemaVersion,
        upcasters,
        // types choose upcasters
        mapping.foldsInSql ? {} : renamedTypes,
        renamed,
        parts.map((part) => [part.part.path, part.renamed]),
      ],
      (_key, value: unknown) => (typeof value === 'function' ? String(value) : value),
    );
    fingerprint = createHash('sha256').update(reducer).digest('hex').slice(0, 16);
    known.set(mapping, fingerprint);
  }
  return fingerprint;
}
