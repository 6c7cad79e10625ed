import type { CreateOrderDto } from '../orders/order-requests.dto.js';
import { randomAddress, randomNote, tagLabels } from '../random/random-requests.js';
import type { RandomWrite, RandomWriteContext } from './random-write.js';

async function request({ existing, random }: RandomWriteContext): Promise<CreateOrderDto> {
  const productIds = await existing.products(random.integer(1, 4));
  return {
    customerId: await existing.customer(),
    lines: productIds.map((productId) => ({ productId, quantity: random.integer(1, 5) })),
    ...(random.chance(0.5) && { couponCode: random.chance(0.8) ? await existing.coupon() : 'UNKNOWN' }),
    ...(random.chance(0.3) && { shipping: randomAddress(random) }),
  };
}

export const orderWrites: RandomWrite[] = [
  {
    name: 'save a draft with its lines',
    run: async (context) => context.placement.createDraft(await request(context)),
  },
  {
    name: 'place an order in a transaction with a savepoint',
    run: async (context) => context.placement.place(await request(context)),
  },
  {
    name: 'place an order that is rolled back',
    run: async (context) => {
      const { lines, ...rest } = await request(context);
      return context.placement.place({
        ...rest,
        lines: lines.map((line) => ({ ...line, quantity: 1_000_000 })),
      });
    },
  },
  {
    name: 'place a draft',
    run: async ({ placement, existing }) => placement.placeDraft(await existing.order('draft')),
  },
  {
    name: 'add a line by cascade',
    run: async ({ lines, existing, random }) =>
      lines.add(await existing.order('draft'), {
        productId: await existing.product(),
        quantity: random.integer(1, 9),
      }),
  },
  {
    name: 'remove a line as an orphan',
    run: async ({ lines, existing }) => {
      const orderId = await existing.order('draft');
      return lines.remove(orderId, await existing.lineOf(orderId));
    },
  },
  {
    name: 'update a quantity and the total in autocommit',
    run: async ({ lines, existing, random }) => {
      const orderId = await existing.order('draft');
      return lines.changeQuantity(orderId, await existing.lineOf(orderId), random.integer(1, 20));
    },
  },
  {
    name: 'add tags by relation',
    run: async ({ tags, existing, random }) => tags.add(await existing.order(), random.sample(tagLabels, 2)),
  },
  {
    name: 'remove a tag by relation',
    run: async ({ tags, existing, random }) => tags.remove(await existing.order(), random.pick(tagLabels)!),
  },
  {
    name: 'add and remove tags by relation',
    run: async ({ tags, existing, random }) =>
      tags.replace(await existing.order(), random.sample(tagLabels, random.integer(0, 3))),
  },
  {
    name: 'save an order with other tags',
    run: async ({ tags, existing, random }) =>
      tags.saveTags(await existing.order(), random.sample(tagLabels, random.integer(0, 3))),
  },
  {
    name: 'update a tag label',
    run: async ({ tags, random }) => {
      const label = random.pick(tagLabels)!;
      const other = `tag-${random.word()}`;
      await tags.relabel(label, other);
      if (random.chance(0.5)) {
        await tags.relabel(other, label);
      }
    },
  },
  {
    name: 'pay by query builder',
    run: async ({ fulfilment, existing }) => fulfilment.pay(await existing.order('placed')),
  },
  {
    name: 'ship under a lock, or by a command',
    run: async ({ fulfilment, existing }) => fulfilment.ship(await existing.order('paid')),
  },
  {
    name: 'cancel by query runner or a command, and data-modifying CTE',
    run: async ({ fulfilment, existing }) => fulfilment.cancel(await existing.order('placed')),
  },
  {
    name: 'refund, with the stock and the points',
    run: async ({ fulfilment, existing }) => fulfilment.refund(await existing.order('paid')),
  },
  {
    name: 'cancel rolled back',
    run: async ({ fulfilment, existing }) => fulfilment.cancel(await existing.order('shipped')),
  },
  {
    name: 'update a note',
    run: async ({ orders, existing, random }) => orders.setNote(await existing.order(), randomNote(random)),
  },
  {
    name: 'save a corrected address with a version',
    run: async ({ orders, existing, random }) => {
      const { id, version } = await orders.get(await existing.order());
      return orders.correctAddress(id, { address: randomAddress(random), version });
    },
  },
  {
    name: 'set the customer by relation',
    run: async ({ orders, existing }) => orders.reassign(await existing.order(), await existing.customer()),
  },
  {
    name: 'delete an order with its cascade',
    run: async ({ orders, existing, random }) =>
      orders.delete(await existing.order(random.pick(['draft', 'cancelled', 'shipped']))),
  },
  {
    name: 'remove a draft with its lines',
    run: async ({ orders, existing }) => orders.discard(await existing.order('draft')),
  },
];
