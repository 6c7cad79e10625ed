import { moment } from './times.js';
import type { Polled } from './use-polled.js';

/** Says that what is on the page is old, or that there is nothing to show. */
export function Trouble({ polled }: { polled: Pick<Polled<unknown>, 'problem' | 'lost' | 'at'> }) {
  const { problem, lost, at } = polled;
  const since = at === undefined ? '' : ` What is below is from ${moment(at)}.`;
  return (
    <div role="status" class={problem === undefined ? 'trouble none' : 'trouble'}>
      {problem !== undefined &&
        (lost ? `No connection to the application.${since} Trying again.` : `${problem}${since}`)}
    </div>
  );
}
