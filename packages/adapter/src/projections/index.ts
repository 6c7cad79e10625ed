export { askForRebuild, readGenerations, unknownProjection } from './generations.js';
export { Projection } from './projection.js';
export { generationName, type ProjectionDefinition } from './projection-definition.js';
