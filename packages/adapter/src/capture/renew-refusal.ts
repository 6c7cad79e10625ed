import type { SqlExecutor } from '../database/index.js';
import { BackstoryError } from '../errors.js';
import { makeFunctions } from './make-functions.js';
import { readCaptureStates } from './capture-state.js';

/**
 * Makes the functions of an aggregate refuse, or not, as its stage says, in the transaction that is open and has the installation locked. No table is locked.
 * @throws BackstoryError CAPTURE_REFUSED where something of its capture isn't in order: it would refuse a part of what it has to
 */
export async function renewRefusal(sql: SqlExecutor, schema: string, category: string): Promise<void> {
  const [state] = await readCaptureStates(sql, schema, category);
  if (!state) return;
  const { captured, mapping, outdated, rebound, missing, misrefusing } = state;
  if (!captured || typeof mapping === 'string' || outdated.length + rebound.length + missing.length > 0) {
    throw new BackstoryError(
      'CAPTURE_REFUSED',
      `The capture of "${category}" is not in order, so its triggers can't be told what to refuse.`,
      'Run "npx backstory doctor", which says what it is, and "npx backstory install"; then again.',
    );
  }
  await makeFunctions(sql, schema, state, misrefusing);
}
