/** @typedef {import('./peers.mjs').Delivered & { at: number }} DeliveredAt */

/**
 * What came of events that were committed. What was delivered without having been committed is not judged: a writer may not
 * have told yet.
 * @param {readonly DeliveredAt[]} delivered
 * @param {ReadonlyMap<string, number>} committed when, by stream@position
 */
export function judgedDelivery(delivered, committed) {
  /** @type {Map<string, number>} */
  const reached = new Map();
  const seen = new Set();
  const delays = [];
  let [repeated, outOfOrder] = [0, 0];
  for (const { streamId, streamPosition, at } of delivered) {
    const event = `${streamId}@${streamPosition}`;
    const since = committed.get(event);
    if (since === undefined) continue;
    if (seen.has(event)) {
      repeated++;
      continue;
    }
    seen.add(event);
    delays.push(Math.max(0, at - since));
    if (streamPosition < (reached.get(streamId) ?? 0)) outOfOrder++;
    reached.set(streamId, Math.max(streamPosition, reached.get(streamId) ?? 0));
  }
  return { lost: committed.size - seen.size, repeated, outOfOrder, delays };
}
