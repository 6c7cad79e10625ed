/** So many aggregates are listed one by one, also those with nothing to settle. */
export const manyListed = 20;

/** What is to be looked at comes first. Of many, the others are left out unless all are asked for. */
export function grouped<Item>(
  items: readonly Item[],
  needsAttention: (item: Item) => boolean,
  all: boolean,
): { readonly shown: readonly Item[]; readonly others: readonly Item[] } {
  if (items.length <= manyListed) return { shown: items, others: [] };
  const first = items.filter(needsAttention);
  const others = items.filter((item) => !needsAttention(item));
  return all ? { shown: [...first, ...others], others: [] } : { shown: first, others };
}
