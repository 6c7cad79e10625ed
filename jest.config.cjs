'use strict';

const { swc } = require('./test/swc.cjs');

const base = {
  testEnvironment: 'node',
  // The benchmarks are ES modules of plain JavaScript.
  // hyparquet and hyparquet-writer are ES modules alone, which jest can't require.
  transform: {
    '^.+\\.(ts|mjs)$|/node_modules/hyparquet(-writer)?/.+\\.js$':
      /** @type {[string, Record<string, unknown>]} */ (['@swc/jest', swc]),
  },
  transformIgnorePatterns: ['/node_modules/(?!hyparquet)'],
  moduleNameMapper: {
    '^(\\.{1,2}/.*)\\.js$': '$1',
    '^@backstory/adapter$': '<rootDir>/packages/adapter/src/index.ts',
    '^@backstory/adapter/(prometheus|opentelemetry)$': '<rootDir>/packages/adapter/src/telemetry/$1.ts',
    '^@backstory/(adapter|nest-module)/testing$': '<rootDir>/packages/$1/src/testing/index.ts',
    '^@backstory/adapter/decryption$': '<rootDir>/packages/adapter/src/encryption/decryption/index.ts',
    '^@backstory/adapter/(\\w+)$': '<rootDir>/packages/adapter/src/brokers/$1/index.ts',
    '^@backstory/nest-module$': '<rootDir>/packages/nest-module/src/index.ts',
  },
  modulePathIgnorePatterns: ['/dist/'],
  setupFilesAfterEnv: ['<rootDir>/test/no-listener-left.cjs'],
  restoreMocks: true,
};

const withDatabase = {
  ...base,
  globalSetup: '<rootDir>/test/postgres/global-setup.cjs',
  globalTeardown: '<rootDir>/test/postgres/global-teardown.cjs',
};

const e2e = {
  ...withDatabase,
  testMatch: ['<rootDir>/examples/legacy-app/test/**/*.e2e-spec.ts'],
};

/** @type {import('jest').Config} */
module.exports = {
  maxWorkers: 2,
  // Jest takes this from here only, not from a project.
  testTimeout: 60_000,
  projects: [
    {
      ...base,
      displayName: 'unit',
      testMatch: ['<rootDir>/packages/*/src/**/*.spec.ts', '<rootDir>/test/benchmark/**/*.spec.ts'],
    },
    {
      ...withDatabase,
      displayName: 'integration',
      testMatch: [
        '<rootDir>/test/{integration,property,concurrency,faults,upgrade,documentation}/**/*.spec.ts',
      ],
    },
    { ...withDatabase, displayName: 'dashboard', testMatch: ['<rootDir>/test/dashboard/**/*.spec.ts'] },
    { ...e2e, displayName: 'e2e' },
    // The same suites again: adopting Backstory must not change what the application does, in no stage.
    { ...e2e, displayName: 'e2e-in-capture', setupFiles: ['<rootDir>/test/stages/capture.cjs'] },
    { ...e2e, displayName: 'e2e-in-shadow', setupFiles: ['<rootDir>/test/stages/shadow.cjs'] },
    { ...e2e, displayName: 'e2e-in-replay', setupFiles: ['<rootDir>/test/stages/replay.cjs'] },
    { ...e2e, displayName: 'e2e-in-events', setupFiles: ['<rootDir>/test/stages/events.cjs'] },
  ],
};
