'use strict';

// For child processes of tests: `node -r test/typescript-process.cjs file.ts` runs TypeScript sources
// with the same transform and the same mapping of packages to sources as jest.
const { existsSync } = require('node:fs');
const Module = require('node:module');
const { join } = require('node:path');
const { fileURLToPath } = require('node:url');
const { transformFileSync } = require('@swc/core');
const { swc } = require('./swc.cjs');

const root = join(__dirname, '..');
const sources = {
  '@backstory/adapter': join(root, 'packages/adapter/src/index.ts'),
  '@backstory/adapter/prometheus': join(root, 'packages/adapter/src/telemetry/prometheus.ts'),
  '@backstory/adapter/opentelemetry': join(root, 'packages/adapter/src/telemetry/opentelemetry.ts'),
  '@backstory/nest-module': join(root, 'packages/nest-module/src/index.ts'),
};

/** @type {any} */
const loader = Module;
const resolve = loader._resolveFilename;
loader._resolveFilename = function (
  /** @type {string} */ request,
  /** @type {any} */ parent,
  /** @type {any[]} */ ...rest
) {
  if (request.startsWith('file:')) return resolve.call(this, fileURLToPath(request), parent, ...rest);
  const source = sources[/** @type {keyof typeof sources} */ (request)];
  if (source) return source;
  const [, entry] = /^@backstory\/adapter\/(\w+)$/.exec(request) ?? [];
  if (entry) return join(root, 'packages/adapter/src/brokers', entry, 'index.ts');
  if (/^\.{1,2}\/.*\.js$/.test(request) && parent?.filename?.endsWith('.ts')) {
    const file = join(parent.filename, '..', request.replace(/\.js$/, '.ts'));
    if (existsSync(file)) return file;
  }
  return resolve.call(this, request, parent, ...rest);
};
loader._extensions['.ts'] = (/** @type {any} */ module, /** @type {string} */ filename) => {
  module._compile(transformFileSync(filename, { ...swc, sourceMaps: 'inline' }).code, filename);
};
