import type { EntityMapping } from '../mapping/index.js';
import { operate } from '../observation/index.js';
import type { ReplayedStream } from './replayed-stream.js';

type Replayed = ReadonlyMap<string, ReplayedStream>;

/** A replay for whoever asked for entities, told to whoever listens: how many streams, events, snapshots begun from, and states found in memory. */
export function observeReplay<Result extends Replayed>(
  { category }: EntityMapping,
  wanted: number,
  replay: () => Promise<Result>,
): Promise<Result> {
  return operate(
    () => ({ name: 'replay', attributes: { category, wanted } }),
    replay,
    (streams) => {
      let [events, fromSnapshot, fromMemory] = [0, 0, 0];
      for (const { position, folded, memory } of streams.values()) {
        events += folded;
        if (memory === 'found') fromMemory++;
        // the whole stream has as many events as its position says
        else if (folded < position) fromSnapshot++;
      }
      return { streams: streams.size, events, fromSnapshot, fromMemory };
    },
  );
}
