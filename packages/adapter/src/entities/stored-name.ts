/** NAMEDATALEN - 1 of PostgreSQL as everybody builds it. */
const longest = 63;

/** A name as PostgreSQL keeps it: what is too long is cut at its end, between two signs, and TypeORM goes on to write it out. */
export function storedName(name: string): string {
  if (Buffer.byteLength(name) <= longest) return name;
  let stored = '';
  let length = 0;
  for (const sign of name) {
    length += Buffer.byteLength(sign);
    if (length > longest) break;
    stored += sign;
  }
  return stored;
}
