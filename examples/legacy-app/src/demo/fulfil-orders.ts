import type { Backstory, RecordedEvent } from '@backstory/adapter';
import { OrderRefunded } from '../orders/order-refunded.js';
import { OrderShipped } from '../orders/order-shipped.js';
import { OrderStatus } from '../orders/order-status.js';
import type { RunningShop } from './running-shop.js';
import type { Story } from './story.js';

type Fulfilment = typeof OrderShipped | typeof OrderRefunded;

/** Two paid orders: one is shipped, the other one refunded. Their events say more than their rows do. */
export async function fulfilOrders(story: Story, shop: RunningShop, backstory: Backstory): Promise<void> {
  const paid = await shop.dataSource.query<{ id: number }[]>(
    `SELECT id FROM "order" WHERE status = $1 ORDER BY id LIMIT 2`,
    [OrderStatus.Paid],
  );
  const fulfil = async (id: number | undefined, path: string, type: Fulfilment): Promise<boolean> => {
    if (id === undefined) return true;
    const { status } = await fetch(`${shop.url}/orders/${id}/${path}`, { method: 'POST' });
    // the traffic may have been faster
    if (status === 409) return true;
    const events = await backstory.history('order', String(id));
    const told = events.findLast((event) => event.type === type.name);
    if (told) story.say(sentence(id, told));
    return status === 200 && told !== undefined;
  };
  const shipped = await fulfil(paid[0]?.id, 'ship', OrderShipped);
  const refunded = await fulfil(paid[1]?.id, 'refund', OrderRefunded);
  const { clean } = await backstory.verify({ aggregates: ['order'] });
  story.promise(
    shipped && refunded && clean,
    'orders are shipped and refunded by commands, and verify is clean',
  );
}

const sentence = (id: number, { streamPosition, type, data }: RecordedEvent): string =>
  `order-${id}@${streamPosition} ${type} ${JSON.stringify(data)}`;
