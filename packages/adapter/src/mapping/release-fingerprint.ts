import { createHash } from 'node:crypto';
import { defaultEventTypes } from '../event/index.js';
import type { EntityMapping } from './entity-mapping.js';

/** What a release of the application says of an aggregate, as a hash: the same at every start, whatever the tables are by then. */
export function releaseFingerprint(root: EntityMapping): string {
  return createHash('sha256')
    .update(JSON.stringify([root, ...root.parts].map(sayings)))
    .digest('hex');
}

function sayings(mapping: EntityMapping): object {
  const { category, knownAs, entity, part, excluded, renamed, defaults, eventTypes, rules } = mapping;
  const { erased } = eventTypes;
  const { subject, personal, retain, whenCaptureFails } = mapping;
  const { schemaVersion, renamedTypes, snapshotEvery, foldsInSql, deletedAt } = mapping;
  return {
    category,
    knownAs,
    entity,
    part: part && [part.path, part.columns, part.referenced],
    columns: [...mapping.columns, ...mapping.missing]
      .map(({ property, column }) => [property, column])
      .sort(),
    key: mapping.key.map(({ property }) => property),
    deletedAt: deletedAt?.property,
    excluded,
    renamed,
    defaults,
    // what is no default is said, so that fingerprints of before the option stay
    eventTypes: { ...eventTypes, erased: erased === defaultEventTypes(entity).erased ? undefined : erased },
    rules,
    schemaVersion,
    renamedTypes,
    snapshotEvery,
    foldsInSql,
    subject,
    personal,
    retain,
    whenCaptureFails,
  };
}
