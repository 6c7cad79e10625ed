import type { Random } from '../random/seeded-random.js';

export interface KnownOrder {
  id: number;
  status: string;
  version: number;
  lines: { id: number }[];
}

/** What the traffic has learned about the shop from its answers: like a user, it knows nothing else. */
export class KnownRows {
  readonly customers = new KnownSet<number>();
  readonly deletedCustomers = new KnownSet<number>();
  readonly products = new KnownSet<string>();
  readonly coupons = new KnownSet<string>();
  readonly reviews = new KnownSet<string>();
  private readonly orders = new Map<number, KnownOrder>();

  learnOrder(order: KnownOrder): void {
    this.orders.delete(order.id);
    this.orders.set(order.id, order);
    forgetOldest(this.orders);
  }

  forgetOrder(id: number): void {
    this.orders.delete(id);
  }

  order(random: Random, status?: string): KnownOrder | undefined {
    return random.pick(
      [...this.orders.values()].filter((order) => status === undefined || order.status === status),
    );
  }
}

class KnownSet<Key> {
  private readonly keys = new Map<Key, true>();

  learn(key: Key): void {
    this.keys.set(key, true);
    forgetOldest(this.keys);
  }

  forget(key: Key): void {
    this.keys.delete(key);
  }

  pick(random: Random): Key | undefined {
    return random.pick([...this.keys.keys()]);
  }

  sample(random: Random, count: number): Key[] {
    return random.sample([...this.keys.keys()], count);
  }
}

function forgetOldest(known: Map<unknown, unknown>): void {
  if (known.size > 500) {
    known.delete(known.keys().next().value);
  }
}
