import type { FilterOf, Subscription } from '../outbox/index.js';

/** What the consumers want that this process defines; a projection the same in each of its generations, `name@1`. */
export function filterOfDefined(
  defined: ReadonlyMap<string, { readonly filter: Subscription['filter'] }>,
): FilterOf {
  return (consumer) => (defined.get(consumer) ?? defined.get(consumer.replace(/@\d+$/, '')))?.filter;
}
