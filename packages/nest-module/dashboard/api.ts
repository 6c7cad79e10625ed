import { tenantHere } from './tenant-here.js';

/** Beside this script, wherever that is mounted. */
const base = new URL('../api/', import.meta.url);

export interface Answer<Body> {
  readonly body: Body;
  readonly etag: string | null;
}

/** An answer that is none, in words for whoever looks at the page. */
export class Refusal extends Error {
  override readonly name = 'Refusal';
  constructor(
    readonly status: number,
    message: string,
  ) {
    super(message);
  }
}

/** Where something is asked of the history that is looked at. */
export function address(name: string, parameters: Record<string, string | number | null> = {}): string {
  const url = new URL(name, base);
  for (const [key, value] of Object.entries(parameters)) {
    if (value !== null) url.searchParams.set(key, String(value));
  }
  const tenant = tenantHere();
  if (tenant !== null) url.searchParams.set('tenant', tenant);
  return url.href;
}

/** Asks again for what is known already: unchanged, it isn't sent. */
export async function ask<Body>(url: string, known?: Answer<Body>): Promise<Answer<Body>> {
  const headers: Record<string, string> = known?.etag ? { 'If-None-Match': known.etag } : {};
  const response = await fetch(url, { headers, cache: 'no-store' });
  if (response.status === 304 && known) return known;
  return { body: (await bodyOf(response)) as Body, etag: response.headers.get('ETag') };
}

export async function change(name: string, wish: object): Promise<unknown> {
  const response = await fetch(address(name), {
    method: 'POST',
    headers: { 'Content-Type': 'application/json', 'X-Backstory-Dashboard': '1' },
    body: JSON.stringify(wish),
  });
  return bodyOf(response);
}

async function bodyOf(response: Response): Promise<unknown> {
  const body = (await response.json().catch(() => null)) as {
    message?: unknown;
    remedy?: unknown;
  } | null;
  if (response.ok) return body;
  const { message, remedy } = body ?? {};
  const said = [message, remedy].filter((text) => typeof text === 'string').join(' ');
  throw new Refusal(response.status, said || `The application has answered with status ${response.status}.`);
}
