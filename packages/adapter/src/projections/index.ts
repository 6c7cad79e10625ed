export { askForRebuild, readGenerations, requireStarted } from './generations.js';
export { Projection } from './projection.js';
export { generationName, type ProjectionDefinition } from './projection-definition.js';
