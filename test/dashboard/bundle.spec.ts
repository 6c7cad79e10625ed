import { gzipSync } from 'node:zlib';
import { script, style } from '../../packages/nest-module/src/dashboard/generated/bundle.js';

it('is small, and asks nobody else for anything', () => {
  expect(gzipSync(script).length + gzipSync(style).length).toBeLessThanOrEqual(60_000);
  // the namespace of SVG is a name, not an address
  const addresses = (script + style).match(/\b(?:https?:)?\/\/[\w.]+[^\s"'`]*/g) ?? [];
  expect(addresses.filter((address) => !address.startsWith('http://www.w3.org/'))).toEqual([]);
});
