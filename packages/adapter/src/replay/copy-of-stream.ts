import { copiedData } from '../event/index.js';
import type { ReplayedStream } from './replayed-stream.js';

/** A stream whose state its owner may change: a copy of one that is shared with the memory, any other as it is. */
export function copyOfStream(stream: ReplayedStream): ReplayedStream {
  if (stream.memory === undefined) return stream;
  const { root, parts } = stream;
  const copies = [...parts].map(
    ([path, rows]) => [path, new Map([...rows].map(([id, row]) => [id, copiedData(row)] as const))] as const,
  );
  return { ...stream, root: copiedData(root), parts: new Map(copies) };
}
