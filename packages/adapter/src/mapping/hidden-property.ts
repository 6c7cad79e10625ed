import type { EntityMapping } from './entity-mapping.js';

/** Whether a property is excluded today, itself or with what it is embedded in: old events may still have its values. */
export function isHidden(
  { excluded, withheld }: Pick<EntityMapping, 'excluded' | 'withheld'>,
  property: string,
): boolean {
  return [...excluded, ...withheld].some((each) => property === each || property.startsWith(`${each}.`));
}
