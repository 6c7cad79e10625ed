import type { StageName } from './answers.js';

/** From the first to the last. */
export const stageOrder: readonly StageName[] = ['off', 'capture', 'shadow', 'replay', 'events'];
