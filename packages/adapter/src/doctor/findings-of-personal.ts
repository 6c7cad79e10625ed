import type { Finding } from '../admin/index.js';
import { isTie, saidPersonal } from '../erasure/index.js';
import type { EntityMapping } from '../mapping/index.js';

/** Parts of an aggregate that names a subject, of which nobody says what is of that person: it stays when the subject is erased. */
export function findingsOfPersonal(root: EntityMapping): Finding[] {
  if (!root.subject) return [];
  return root.parts.flatMap((mapping) => {
    if (saidPersonal(mapping, root) !== undefined) return [];
    const { path } = mapping.part;
    const own = mapping.columns
      .map(({ property }) => property)
      .filter((name) => !isTie(root, [path, '', name]) && !(mapping.links ?? []).includes(name));
    if (own.length === 0) return [];
    const named = own.map((name) => `'${path}.${name}'`).join(', ');
    return [
      {
        severity: 'hint' as const,
        aggregate: root.category,
        problem: `nothing says what of "${path}" is of the person that it names: erasing a subject leaves it, and relays encrypt none of it`,
        remedy: `Add what is personal to "personal" of "${root.entity}", of ${named}; or say { entity: '${mapping.entity}', personal: [] }.`,
      },
    ];
  });
}
