import type { Lease } from './consumer-lease.js';
import type { DeliveryPlace } from './delivery-place.js';
import { PlaceOfLog } from './place-of-log.js';
import type { Subscription } from './subscription.js';
import type { WorkerSurroundings } from './worker-surroundings.js';

/** Where a subscription's effects are. */
export function openPlace(
  surroundings: WorkerSurroundings,
  { elsewhere, transactional }: Pick<Subscription, 'elsewhere' | 'transactional'>,
  lease: Lease,
): DeliveryPlace {
  return elsewhere?.(surroundings, lease) ?? new PlaceOfLog(surroundings, lease, transactional);
}
