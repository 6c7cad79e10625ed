import { useEffect, useState } from 'preact/hooks';
import { tenantHere } from './tenant-here.js';

/** Behind the #, so that it works at whatever address the page is: its parts, decoded. */
export type Route = readonly string[];

/** What is chosen on a page, beside which page it is: in its address, so that it can be shared, and survives a way back. */
export type Chosen = Readonly<Record<string, string>>;

/** Of the same tenant. */
export function linkTo(...parts: readonly string[]): string {
  return linkToTenant(tenantHere(), ...parts);
}

/** `null` for what is nobody's: the list of tenants, and the history of `BackstoryModule`. */
export function linkToTenant(tenant: string | null, ...parts: readonly string[]): string {
  const whose = tenant === null ? [] : [`@${encodeURIComponent(tenant)}`];
  return `#/${[...whose, ...parts.map(encodeURIComponent)].join('/')}`;
}

export function linkWith(parts: readonly string[], chosen: Chosen): string {
  const query = new URLSearchParams(Object.entries(chosen).filter(([, value]) => value !== '')).toString();
  return query === '' ? linkTo(...parts) : `${linkTo(...parts)}?${query}`;
}

export function goTo(...parts: readonly string[]): void {
  location.hash = linkTo(...parts);
}

/** Another choice on the same page. Instead of the one before: a way back leads to the page before. */
export function choose(parts: readonly string[], chosen: Chosen): void {
  location.replace(linkWith(parts, chosen));
}

/** Both at once: what is chosen on one page means nothing on another. */
export function useAddress(): { tenant: string | null; route: Route; chosen: Chosen } {
  const [hash, setHash] = useState(location.hash);
  useEffect(() => {
    const onChange = (): void => setHash(location.hash);
    addEventListener('hashchange', onChange);
    return () => removeEventListener('hashchange', onChange);
  }, []);
  const [path = '', ...query] = hash.split('?');
  return {
    tenant: tenantHere(),
    route: path
      .replace(/^#\/?(@[^/]*)?/, '')
      .split('/')
      .filter(Boolean)
      .map(decoded),
    chosen: Object.fromEntries(new URLSearchParams(query.join('?'))),
  };
}

function decoded(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}
