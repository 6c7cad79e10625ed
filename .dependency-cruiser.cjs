'use strict';

const ADAPTER = '^packages/adapter/src/';
const TESTS = '\\.spec\\.ts$';

// The rooms of the adapter, from the bottom up. A room imports rooms of earlier levels only, so those of one
// level, such as capture and replay, do not know each other. Everybody may import errors.ts.
const LEVELS = [
  ['event', 'database', 'observation'],
  ['event-store', 'schema', 'mapping', 'upcasting', 'stages'],
  ['capture', 'appending', 'backfill', 'replay', 'outbox', 'drift', 'tenants'],
  ['commands', 'diff', 'projections', 'proposal', 'shadow', 'verify', 'brokers', 'seals'],
  ['connections', 'admin', 'archive', 'erasure', 'restoring', 'specification'],
  ['entities', 'encryption'],
  ['reads', 'options', 'files'],
  ['rows', 'aggregates'],
  ['handling', 'installing'],
  ['backstory', 'doctor'],
  ['opening'],
  ['index\\.ts$'],
  ['cli', 'telemetry', 'testing'],
];

// Rooms that know TypeORM: what lies below them works on a connection, whoever has made it.
const TYPEORM = [
  'connections',
  'entities',
  'reads',
  'rows',
  'aggregates',
  'handling',
  'installing',
  'backstory',
  'doctor',
  'opening',
];

/** @param {string} room */
const pathOf = (room) => (room.endsWith('$') ? room : `${room}/`);

const directions = LEVELS.flatMap((level, index) =>
  level.map((room) => {
    const allowed = [...LEVELS.slice(0, index).flat(), room].map(pathOf);
    return {
      name: room.endsWith('$') ? 'composition-root-direction' : `${room}-direction`,
      comment: 'A room imports rooms of earlier levels only: see the levels in .dependency-cruiser.cjs.',
      severity: 'error',
      from: { path: `${ADAPTER}${pathOf(room)}`, pathNot: TESTS },
      to: { path: ADAPTER, pathNot: `${ADAPTER}(?:errors\\.ts$|${allowed.join('|')})` },
    };
  }),
);

module.exports = {
  forbidden: [
    ...directions,
    {
      name: 'every-room-has-a-level',
      comment: 'A new room of the adapter needs a place in the levels of .dependency-cruiser.cjs.',
      severity: 'error',
      from: { path: ADAPTER, pathNot: `${ADAPTER}(?:[^/]+$|${LEVELS.flat().map(pathOf).join('|')})` },
      to: {},
    },
    {
      name: 'errors-is-a-leaf',
      severity: 'error',
      from: { path: `${ADAPTER}errors\\.ts$` },
      to: { path: '^packages/' },
    },
    {
      name: 'no-circular',
      comment: 'TypeORM entities that name each other, as in the example, are the only cycles.',
      severity: 'error',
      from: { pathNot: '^examples/' },
      to: { circular: true },
    },
    {
      name: 'typeorm-in-its-rooms-only',
      severity: 'error',
      from: { path: `${ADAPTER}[^/]+/`, pathNot: [`${ADAPTER}(?:${TYPEORM.join('|')})/`, TESTS] },
      to: { path: '(^|/)node_modules/typeorm/' },
    },
    {
      name: 'adapter-does-not-know-nest',
      severity: 'error',
      from: { path: '^packages/adapter/' },
      to: { path: ['(^|/)node_modules/@nestjs/', '^packages/nest-module/'] },
    },
    {
      name: 'public-entry-only',
      comment:
        'From outside, a package is what its entries export: its index, and those of testing and brokers.',
      severity: 'error',
      from: { path: ['^packages/nest-module/', '^examples/'] },
      to: {
        path: '^packages/adapter/',
        pathNot: ['(testing/)?index', 'brokers/[^/]+/index'].map(
          (entry) => `^packages/adapter/(src|dist/[^/]+)/${entry}\\.`,
        ),
      },
    },
    {
      name: 'nest-module-entry-only',
      severity: 'error',
      from: { path: '^examples/' },
      to: { path: '^packages/nest-module/', pathNot: '^packages/nest-module/(src|dist/[^/]+)/index\\.' },
    },
    {
      name: 'libraries-are-free-of-tests',
      severity: 'error',
      from: { path: '^packages/', pathNot: TESTS },
      to: { path: ['^test/', '^examples/'] },
    },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    exclude: { path: '/dist/' },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['types', 'require', 'node', 'default'],
    },
  },
};
