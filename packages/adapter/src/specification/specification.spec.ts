import { Applies } from '../replay/index.js';
import { specificationOf } from './index.js';

class OrderPlaced {
  constructor(
    readonly total: string,
    readonly lines: readonly string[] = [],
  ) {}
}
class OrderShipped {
  constructor(readonly trackingNumber: string) {}
}
class OrderNotPlaced extends Error {}

class Order {
  id: number;
  status: string;
  total: string;
  lines: string[] = [];
}

const evolve = {
  OrderPlaced: (order: Order, { total, lines }: OrderPlaced) =>
    Object.assign(order, { status: 'placed', total, lines: [...lines] }),
  OrderShipped: (order: Order) => void (order.status = 'shipped'),
  ReminderSent: (order: Order) => order,
};

const place = (total: string) => () => new OrderPlaced(total);
const ship = (trackingNumber: string) => (order: Order | undefined) => {
  if (order?.status !== 'placed') throw new OrderNotPlaced(`${order?.status} is not placed`);
  return new OrderShipped(trackingNumber);
};

describe('a specification without a database', () => {
  const order = specificationOf(Order, { evolve });
  const told = (promise: Promise<void>): Promise<unknown> =>
    promise.then(
      () => 'holds',
      (error: unknown) => error,
    );

  it('holds for what the command comes to: events, none, several, an error', async () => {
    await order.given().when(place('12.00')).then(new OrderPlaced('12.00'));
    await order.given(new OrderPlaced('12.00')).when(ship('1Z')).then(new OrderShipped('1Z'));
    await order
      .given(new OrderPlaced('1'))
      .when(() => [])
      .then();
    await order
      .given(new OrderPlaced('1'))
      .when((each) => [ship('1Z')(each), { type: 'ReminderSent', data: { at: new Date(0) } }])
      .then(
        { type: 'OrderShipped', data: { trackingNumber: '1Z' } },
        { type: 'ReminderSent', data: { at: new Date(0) } },
      );
    const shipped = order.given(new OrderPlaced('1'), new OrderShipped('1Z'));
    await shipped.when(ship('2')).then(OrderNotPlaced);
    await shipped.when(ship('2')).then(new OrderNotPlaced('shipped is not placed'));
    await order.given().when(ship('1Z')).then(OrderNotPlaced);
  });

  it.each<[string, Promise<void>, string]>([
    ['another event', order.given().when(place('1')).then(new OrderShipped('1')), 'OrderPlaced'],
    ['other data', order.given().when(place('1')).then(new OrderPlaced('2')), `'2'`],
    ['no event', order.given().when(place('1')).then(), 'OrderPlaced'],
    [
      'an error in place of events',
      order.given().when(place('1')).then(OrderNotPlaced),
      'OrderNotPlaced was expected of the command, and it came to OrderPlaced.',
    ],
    [
      'another error',
      order.given(new OrderShipped('1')).when(ship('2')).then(RangeError),
      'RangeError was expected of the command, and it came to OrderNotPlaced: shipped is not placed.',
    ],
    [
      'another message',
      order.given(new OrderShipped('1')).when(ship('2')).then(new OrderNotPlaced('no')),
      '"no"',
    ],
  ])('does not hold for %s', async (_name, checked, message) => {
    const error = await told(checked);
    expect(error).toMatchObject({ code: 'ERR_ASSERTION', message: expect.stringContaining(message) });
  });

  it("gives the command's own error where events are expected", async () => {
    const error = await told(order.given(new OrderShipped('1')).when(ship('2')).then(new OrderShipped('2')));
    expect(error).toBeInstanceOf(OrderNotPlaced);
  });

  it('refuses what handle refuses', async () => {
    const unknown = order.given(new OrderPlaced('1')).when(() => ({ type: 'OrderLost' }));
    expect(await told(unknown.then({ type: 'OrderLost' }))).toMatchObject({
      code: 'COMMAND_REFUSED',
      message: expect.stringContaining('Nothing says what OrderLost does to "Order"'),
    });
    const touching = order.given(new OrderPlaced('1', ['a'])).when((each) => void each.lines.push('b'));
    expect(await told(touching.then())).toMatchObject({
      code: 'COMMAND_REFUSED',
      message: expect.stringContaining('decide has changed "lines" of the "Order"'),
    });
  });

  it('says so when what comes of the command is left out', async () => {
    const awaited = Promise.resolve(order.given().when(place('1')) as unknown);
    await expect(awaited).rejects.toMatchObject({
      code: 'INVALID_OPTIONS',
      message: expect.stringContaining('Call then(…)'),
    });
  });

  it('finds what the entity says itself', async () => {
    class Counter {
      count = 0;

      @Applies(OrderPlaced)
      placed(): void {
        this.count++;
      }
    }
    const counter = specificationOf(Counter);
    const event = new OrderPlaced('1');
    await counter
      .given(event, event)
      .when(({ count }) => ({ type: 'OrderPlaced', data: { count } }))
      .then({ type: 'OrderPlaced', data: { count: 2 } });
  });
});
