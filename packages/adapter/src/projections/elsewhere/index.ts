export { unreachable } from './faults-elsewhere.js';
export { homeElsewhere } from './home-elsewhere.js';
export type { TargetDatabase, TargetSession } from './target-database.js';
