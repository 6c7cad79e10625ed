import { defaultCategory } from '../event/index.js';
import type { Proposed } from './proposal.js';

/**
 * Better names of categories than the default, by entity, where there is one: without the word Entity at the end, and with
 * capitals at the beginning as one word (`UserEntity` → user, `CASSupplier` → casSupplier). A category is in the name of every
 * stream for ever, so it is worth a line. None that another entity has.
 */
export function proposedCategories(entities: readonly string[]): Map<string, { category: Proposed }> {
  const wanted = new Map(entities.map((entity) => [entity, betterCategory(entity)]));
  const proposed = new Map<string, { category: Proposed }>();
  for (const [entity, category] of wanted) {
    const usual = defaultCategory(entity);
    const isTaken = entities.some(
      (other) => other !== entity && (wanted.get(other) === category || defaultCategory(other) === category),
    );
    if (category === usual || isTaken) continue;
    proposed.set(entity, { category: { name: category, reason: `it would be "${usual}"` } });
  }
  return proposed;
}

function betterCategory(entity: string): string {
  const usual = defaultCategory(entity);
  const noun = usual.charAt(0).toUpperCase() + usual.slice(1);
  const short = noun.replace(/(?<=[\p{Ll}\p{N}\p{Lu}])Entity$/u, '');
  return short
    .replace(/^\p{Lu}{2,}s?(?=\p{Lu}\p{Ll}|[\p{N}_]|$)/u, (capitals) => capitals.toLowerCase())
    .replace(/^\p{Lu}/u, (capital) => capital.toLowerCase());
}
