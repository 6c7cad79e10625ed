/** Says of a value, by the path of its property, why an event can't have it. */
export type Refusal = (path: string, why: string) => Error;

/**
 * A value as an event has it, by the rules of captured ones: a Date as ISO 8601 in UTC, a bigint as a decimal string, bytes as
 * PostgreSQL prints a bytea, and what has a toJSON() as what that gives. A property that is undefined is left out. Whatever JSON
 * would lose without a word is refused.
 */
export function jsonValue(
  value: unknown,
  path: string,
  refuse: Refusal,
  above: readonly object[] = [],
): unknown {
  if (value === null || typeof value === 'boolean') return value;
  if (typeof value === 'string') return text(value, path, refuse);
  if (typeof value === 'bigint') return String(value);
  if (typeof value === 'number') {
    if (Number.isFinite(value)) return value;
    throw refuse(path, `is ${value}, which JSON doesn't know`);
  }
  if (typeof value !== 'object')
    throw refuse(path, `is ${value === undefined ? 'undefined' : `a ${typeof value}`}`);
  if (value instanceof Date) {
    if (Number.isNaN(value.getTime())) throw refuse(path, 'is an invalid Date');
    return value.toISOString();
  }
  if (value instanceof Uint8Array) return `\\x${Buffer.from(value).toString('hex')}`;
  if (above.includes(value)) throw refuse(path, 'contains itself');
  const beneath = [...above, value];
  const { toJSON } = value as { toJSON?: unknown };
  if (typeof toJSON === 'function')
    return jsonValue((toJSON as () => unknown).call(value), path, refuse, beneath);
  if (Array.isArray(value))
    return Array.from(value, (each, index) => jsonValue(each, `${path}[${index}]`, refuse, beneath));
  if (isOpaque(value)) throw refuse(path, `is a ${value.constructor.name}`);
  return jsonObject(value, path, refuse, beneath);
}

/** The own enumerable properties of an object. */
export function jsonObject(
  value: object,
  path: string,
  refuse: Refusal,
  above: readonly object[] = [value],
): Record<string, unknown> {
  const result: Record<string, unknown> = {};
  for (const [name, own] of Object.entries(value)) {
    const at = path === '' ? name : `${path}.${name}`;
    text(name, at, refuse);
    if (own === undefined) continue;
    // also one that is called __proto__
    Object.defineProperty(result, name, {
      value: jsonValue(own, at, refuse, above),
      enumerable: true,
      configurable: true,
      writable: true,
    });
  }
  return result;
}

/** What keeps its content where JSON doesn't look. */
function isOpaque(value: object): boolean {
  return (
    value instanceof Map ||
    value instanceof Set ||
    value instanceof WeakMap ||
    value instanceof WeakSet ||
    value instanceof Promise ||
    value instanceof RegExp ||
    value instanceof Error ||
    value instanceof ArrayBuffer ||
    ArrayBuffer.isView(value)
  );
}

/** jsonb knows neither NUL nor half a surrogate pair. */
function text(value: string, path: string, refuse: Refusal): string {
  if (value.includes('\0')) throw refuse(path, 'has a NUL character, which PostgreSQL refuses');
  if (/[\uD800-\uDBFF](?![\uDC00-\uDFFF])|(?<![\uD800-\uDBFF])[\uDC00-\uDFFF]/.test(value))
    throw refuse(path, 'has half of a surrogate pair, which PostgreSQL refuses');
  return value;
}
