/**
 * SQL for a whole number in [0, limit) that depends on nothing but the salt and the key: the same in every run, on
 * every server version, whatever its settings.
 */
export function draw(salt: string, key: string, limit: number | string): string {
  return `(('x' || substr(md5('${salt}-' || ${key}), 1, 7))::bit(28)::int % ${limit})`;
}

/** SQL that picks one of the texts in the same way. */
export function drawText(salt: string, key: string, texts: string[]): string {
  const list = texts.map((text) => `'${text.replaceAll("'", "''")}'`).join(', ');
  return `(ARRAY[${list}])[1 + ${draw(salt, key, texts.length)}]`;
}
