import { ago, moment } from './times.js';

/** A moment as how long ago it is, or in full. */
export function Moment({ at, full }: { at: string; full?: boolean }) {
  return (
    <time dateTime={at} title={moment(at)}>
      {full ? moment(at) : ago(at)}
    </time>
  );
}
