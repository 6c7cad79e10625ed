/** A declared type in its parts: `pg_catalog."numeric"(10,2)` is numeric with 10 and 2. */
export interface DeclaredType {
  /** Without its schema: `numeric`, `timestamptz`. Of a type that isn't PostgreSQL's own: empty. */
  readonly name: string;
  /** The numbers of its modifier; none for a type that has none. */
  readonly modifiers: readonly number[];
}

const known = new Map<string, DeclaredType>();

export function declaredType(text: string): DeclaredType {
  let type = known.get(text);
  if (!type) {
    const [, name = '', modifier = ''] = /^pg_catalog\."?(\w+)"?(?:\(([-\d,]+)\))?$/.exec(text) ?? [];
    type = { name, modifiers: modifier === '' ? [] : modifier.split(',').map(Number) };
    known.set(text, type);
  }
  return type;
}
