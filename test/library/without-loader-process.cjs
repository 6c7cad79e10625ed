'use strict';

// The program `backstory` in a process that loads no TypeScript by itself, as with a user:
// node -r test/typescript-process.cjs test/library/without-loader-process.cjs <command> …
const Module = require('node:module');
const { join } = require('node:path');

/** @type {any} */
const { _extensions: extensions } = Module;
const { '.ts': load } = extensions;
const cli = join(__dirname, '../../packages/adapter/src/cli');

require(join(cli, 'command-line.ts'));
extensions['.ts'] = (/** @type {any} */ module, /** @type {string} */ file) => {
  delete extensions['.ts'];
  load(module, file);
};
require(join(cli, 'main.ts'));
