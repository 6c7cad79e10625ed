import type { Checkpoint } from './checkpoint.js';
import type { DeliverablePage } from './gap-aware-reader.js';

/** Where a reader stands when a page's events before `next` are handled; with the last of them everything that was looked at. */
export function checkpointBefore(page: DeliverablePage, next: number): Checkpoint {
  const last = page.events[next - 1];
  return page.checkpointAt(
    next >= page.events.length || !last ? page.scannedTo : BigInt(last.globalPosition),
  );
}
