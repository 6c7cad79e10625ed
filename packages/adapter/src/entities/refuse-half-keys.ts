import { InvalidOptionsError } from '../errors.js';
import type { EntityMapping } from '../mapping/index.js';

/**
 * One column of a composite key is no id of a subject: others have the same value in it. A property with the whole id as text is one.
 * @throws InvalidOptionsError
 */
export function refuseHalfKeys(roots: readonly EntityMapping[]): void {
  for (const root of roots) {
    for (const mapping of [root, ...root.parts]) {
      for (const [name, property] of Object.entries(mapping.subject ?? {})) {
        const subject = roots.find(({ category, knownAs, entity }) =>
          [category, knownAs, entity].includes(name),
        );
        const column = mapping.columns.find((each) => each.property === property);
        const isWhole = column?.kind === 'string' && !mapping.links?.includes(property);
        if (!subject || subject.key.length === 1 || !column || isWhole) continue;
        throw new InvalidOptionsError(
          `"${mapping.entity}" names "${name}" by "${property}", and its key has several columns (${subject.key.map((key) => key.property).join(', ')}): others have the same value there.`,
          `Give "${mapping.entity}" a text property with the whole id, as events have it (1:42), and name that; or give "${subject.entity}" a key of one column.`,
        );
      }
    }
  }
}
