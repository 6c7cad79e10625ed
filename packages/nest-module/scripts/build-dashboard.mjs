// Bundles the dashboard's page into a module of the library, which so needs no files beside it at run time:
//   node packages/nest-module/scripts/build-dashboard.mjs
import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { gzipSync } from 'node:zlib';
import { build } from 'esbuild';

const folder = path.dirname(import.meta.dirname);
const target = path.join(folder, 'src/dashboard/generated/bundle.ts');

const { outputFiles } = await build({
  entryPoints: [path.join(folder, 'dashboard/dashboard.tsx')],
  bundle: true,
  minify: true,
  format: 'esm',
  target: 'es2022',
  jsx: 'automatic',
  jsxImportSource: 'preact',
  legalComments: 'none',
  charset: 'utf8',
  outdir: 'dashboard',
  write: false,
});
/** @param {string} extension */
const output = (extension) => {
  const file = outputFiles.find((each) => each.path.endsWith(extension));
  if (!file) throw new Error(`esbuild has made no ${extension} of the dashboard.`);
  return file.text;
};
const script = output('.js');
const style = output('.css');
mkdirSync(path.dirname(target), { recursive: true });
writeFileSync(
  target,
  `// Made of packages/nest-module/dashboard by "npm run build:dashboard".
export const script = ${JSON.stringify(script)};
export const style = ${JSON.stringify(style)};
`,
);
const kilobytes = (/** @type {string} */ text) => (gzipSync(text).length / 1000).toFixed(1);
console.log(`Dashboard: ${kilobytes(script)} kB of script and ${kilobytes(style)} kB of style, gzipped.`);
