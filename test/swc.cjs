'use strict';

/** How TypeScript is transformed wherever it isn't built: types are checked by tsc alone. @type {import('@swc/core').Options} */
const swc = {
  swcrc: false,
  module: { type: 'commonjs' },
  jsc: {
    target: 'es2022',
    keepClassNames: true,
    parser: { syntax: 'typescript', decorators: true },
    transform: { legacyDecorator: true, decoratorMetadata: true, useDefineForClassFields: false },
  },
};

module.exports = { swc };
