export { type TargetDatabase, type TargetSession, unreachable } from './elsewhere/index.js';
export { askForRebuild, requireStarted } from './generations.js';
export { homeOf, type TargetOf } from './home-of.js';
export { lookOf } from './look-of.js';
export { Projection } from './projection.js';
export { liveGenerationName } from './live-generation-name.js';
export { type ProjectionDefinition, type ProjectionTarget } from './projection-definition.js';
