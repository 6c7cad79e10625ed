/** Whose history is looked at, by the address: #/@acme/browse is of acme. Null for the one that is nobody's. */
export function tenantHere(): string | null {
  const [, name] = /^#\/@([^/?]*)/.exec(location.hash) ?? [];
  if (name === undefined) return null;
  try {
    return decodeURIComponent(name);
  } catch {
    return name;
  }
}
