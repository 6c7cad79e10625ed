export { withoutPublishing } from './aggregate-root.js';
export { changedBesideEvents, changedByDecide } from './changed-by-decide.js';
export type { CreateOptions, Decide, Decision, HandleOptions } from './command-options.js';
export { decidedEvents } from './decided-events.js';
export { ended } from './ended.js';
export { evolve } from './evolve.js';
