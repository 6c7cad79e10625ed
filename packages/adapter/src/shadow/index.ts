export { shadowClean } from './shadow-guard.js';
export { type ShadowOptions, ShadowReads, type ShadowSurroundings } from './shadow-reads.js';
