/** A copy of JSON data that shares nothing with it. Whatever else stands in it is left to structuredClone. */
export function copiedData<Data>(data: Data): Data {
  if (typeof data !== 'object' || data === null) return data;
  if (Array.isArray(data)) return data.map((each: unknown) => copiedData(each)) as Data;
  if (!isPlain(data)) return structuredClone(data);
  const copy: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(data)) {
    const own: unknown = copiedData(value);
    // a property may have this name, too, which an assignment would take for the prototype
    if (name === '__proto__')
      Object.defineProperty(copy, name, { value: own, writable: true, enumerable: true, configurable: true });
    else copy[name] = own;
  }
  return copy as Data;
}

function isPlain(data: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(data);
  return prototype === Object.prototype || prototype === null;
}
