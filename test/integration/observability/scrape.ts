import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Registry } from 'prom-client';

export interface Scraped {
  readonly status: number;
  readonly text: string;
  /** The value of the one sample with this name and these labels; undefined when there is none. */
  value(name: string, labels?: Record<string, string>): number | undefined;
}

/** Serves a registry over HTTP as an application does, and scrapes it once. */
export async function scrape(register: Registry): Promise<Scraped> {
  const server = createServer((_request, response) => {
    register.metrics().then(
      (text) => response.setHeader('content-type', register.contentType).end(text),
      (error: unknown) => response.writeHead(500).end(String(error)),
    );
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  try {
    const response = await fetch(`http://127.0.0.1:${(server.address() as AddressInfo).port}/metrics`);
    const text = await response.text();
    return { status: response.status, text, value: (name, labels = {}) => valueIn(text, name, labels) };
  } finally {
    await new Promise((resolve) => server.close(resolve));
  }
}

function valueIn(text: string, name: string, labels: Record<string, string>): number | undefined {
  const found = text.split('\n').filter((line) => {
    const [, own, all = ''] = /^([a-z_:]+)(?:\{(.*)\})? /.exec(line) ?? [];
    return (
      own === name && Object.entries(labels).every(([label, value]) => all.includes(`${label}="${value}"`))
    );
  });
  if (found.length > 1)
    throw new Error(`${name} ${JSON.stringify(labels)} is not one sample:\n${found.join('\n')}`);
  return found[0] === undefined ? undefined : Number(found[0].slice(found[0].lastIndexOf(' ') + 1));
}
