/**
 * What nobody else looks into: whoever has the salt of a commitment can try what an erased value was, and whoever keeps a wrapped key
 * reads on with it after its erasure.
 */
export const ownersAlone = ['seal_blocks', 'event_commitments', 'subject_keys'] as const;
