import type { BackstoryOptions } from '../options/index.js';
import { ReplayCache } from '../replay/index.js';

/** Where the replayed states of a history are kept in memory; undefined where they aren't. */
export function replayCacheOf({
  replay: { cache } = {},
}: Pick<BackstoryOptions, 'replay'>): ReplayCache | undefined {
  return cache === false ? undefined : new ReplayCache(cache);
}
