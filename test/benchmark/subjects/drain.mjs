import { onEvent } from '@backstory/adapter';

let numbered = 0;

/**
 * Lets new consumers come through the whole log, each with a handler that does nothing, in batches of 1000.
 * @param {import('./subject.mjs').Subject} subject
 * @param {number} [consumers]
 */
export async function drain({ backstory }, consumers = 1) {
  if (!backstory) throw new Error('Nothing to measure.');
  const control = backstory.consumers;
  const names = Array.from({ length: consumers }, () => `drain${numbered++}`);
  for (const name of names) {
    control.define({
      name,
      from: 'beginning',
      includeBackfill: true,
      batchSize: 1000,
      handlers: [onEvent({ categories: 'all' }, () => undefined)],
    });
  }
  await control.start();
  await Promise.all(names.map((name) => control.wait(name, undefined, { timeoutMs: 3_600_000 })));
  await control.stop();
  for (const name of names) control.forget(name);
}
