/** `order` + `42` → `order-42`: the category ends at the first hyphen, a convention of Message DB. */
export function streamName(category: string, streamId: string): string {
  return `${category}-${streamId}`;
}

/**
 * The stream id of a key: a single key as it is, parts of a composite key joined by `:`,
 * where `%` and `:` inside a part become `%25` and `%3A`. {@link streamIdSql} says the same in SQL.
 */
export function streamId(keyParts: readonly string[]): string {
  if (keyParts.length === 1) return keyParts[0] as string;
  return keyParts.map((part) => part.replaceAll('%', '%25').replaceAll(':', '%3A')).join(':');
}
