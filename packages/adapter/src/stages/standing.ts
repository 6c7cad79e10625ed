import { hash } from 'node:crypto';
import { streamName } from '../event/index.js';
import { type Stage, stages } from './stage.js';

/** Where an aggregate stands. */
export interface Standing {
  readonly stage: Stage;
  /** How many of its streams reads replay, 0 to 100: above 0 in stage `replay`, 100 in `events`. */
  readonly percent: number;
}

export const notSeenYet: Standing = { stage: 'off', percent: 0 };

/** Whether a move goes towards replay. Everything else is a way back, which nothing may stand against. */
export function isForward(from: Standing, to: Standing): boolean {
  const step = stages.indexOf(to.stage) - stages.indexOf(from.stage);
  return step > 0 || (step === 0 && to.percent > from.percent);
}

/** Whether a move stays where it is, which begins the count of shadow reads anew: nothing is compared in other stages. */
export function beginsAnew(from: Standing, to: Standing): boolean {
  return (
    from.stage === to.stage && from.percent === to.percent && (to.stage === 'shadow' || to.stage === 'replay')
  );
}

/**
 * Whether a stream is among the first `percent` of a hundred. By a hash of its name, so that every instance says the same,
 * and a larger share has all streams of a smaller one. In SQL:
 * `('x' || left(encode(sha256(convert_to('order-42', 'UTF8')), 'hex'), 8))::bit(32)::bigint % 100 < percent`.
 */
export function isInShare(category: string, streamId: string, percent: number): boolean {
  if (percent >= 100) return true;
  if (percent <= 0) return false;
  return Number(`0x${hash('sha256', streamName(category, streamId)).slice(0, 8)}`) % 100 < percent;
}
