/** What a mapping is called: `order`, and a part of it `order.lines`. */
export function mappingName({ category, part }: MappingName): string {
  return part ? `${category}.${part.path}` : category;
}

/** What tells a mapping from all others: its category, and the path of a part. */
export interface MappingName {
  readonly category: string;
  readonly part?: { readonly path: string } | undefined;
}
