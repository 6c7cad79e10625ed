import { Wire } from './wire.js';

/** What `--publisher` names. */
export const wire = new Wire();
