export { shadowClean } from './shadow-guard.js';
export { type ShadowOptions, ShadowReads } from './shadow-reads.js';
