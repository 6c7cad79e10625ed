import {
  Cart,
  cartLines,
  type Carts,
  expectSoundCarts,
  Line,
  LineAdded,
  LineCounted,
  LineTaken,
  openCarts,
  Slip,
  Visit,
} from './carts.js';

const whole = {
  relations: { lines: { discounts: true }, slip: true, tags: true },
  order: { lines: { id: 'ASC' } },
} as const;

const refusals: [string, (cart: Cart) => unknown, RegExp][] = [
  ['the key of a part', ({ lines }) => void (lines[0]!.id = 99), /changes the key of "lines\[1\]"/],
  [
    'a part of another root',
    (cart) => void (cart.lines[0]!.cart = { id: 2 } as Cart),
    /says by "cart.id" that "lines\[1\]" is part of another/,
  ],
  [
    'a part that goes to another parent',
    ({ lines }) => {
      const [moved] = lines[0]!.discounts.splice(0);
      lines[1]!.discounts.push(moved!);
    },
    /takes "lines.discounts\[1:new\]" to another parent/,
  ],
  [
    'a relation that is not owned',
    (cart) => void (cart.visits = [new Visit()]),
    /sets "visits", which the aggregate doesn't own/,
  ],
  ['a part twice', ({ lines }) => void lines.push(lines[0]!), /has "lines\[1\]" twice/],
  ['no array', (cart) => void (cart.lines = undefined as never), /leaves "lines" without an array/],
  [
    'undefined',
    ({ lines }) => void (lines[0]!.sku = undefined as never),
    /Wrong changes "lines\[1\].sku" of "cart", to undefined/,
  ],
  [
    'what PostgreSQL computes',
    ({ lines }) => void (lines[0]!.doubled = 3),
    /"lines\[1\].doubled" of "cart", which PostgreSQL computes/,
  ],
  [
    'what is behind a join table',
    ({ tags }) => void (tags[0]!.label = 'x'),
    /"tags\[1:a\].label" of "cart", which is not part of it/,
  ],
];

describe('a command on an aggregate with parts', () => {
  let carts: Carts;

  beforeEach(async () => {
    carts = await openCarts();
    await carts.backstory.backfill();
  });

  afterEach(async () => {
    await expectSoundCarts(carts);
    await carts.close();
  });

  const find = (id: number): Promise<Cart> =>
    carts.dataSource.manager.findOneOrFail(Cart, { where: { id }, ...whole });

  it('adds, changes and takes away, two levels deep, in one event for each that was decided', async () => {
    const { backstory } = carts;
    const cart = await backstory.handle(Cart, 1, (cart) => {
      expect(cart).toBeInstanceOf(Cart);
      expect(cart.lines[0]).toBeInstanceOf(Line);
      expect(cart.lines.map(({ sku, discounts }) => [sku, discounts.length])).toEqual([
        ['pen', 1],
        ['ink', 0],
      ]);
      return [
        new LineAdded('cap', 4, [['bulk', '2.00']]),
        new LineCounted('ink', 9),
        new LineTaken('pen'),
        { type: 'ReminderSent', data: { channel: 'sms' } },
      ];
    });
    expect(cart).toEqual(await find(1).then((found) => ({ ...found, visits: undefined })));
    expect(await cartLines(backstory, 1)).toEqual([
      '2 updated LineAdded {"$event":{"discounts":[["bulk","2.00"]],"quantity":4,"sku":"cap"},"lines":{"7":{"cart.id":1,"deletedAt":null,"doubled":8,"id":7,"quantity":4,"sku":"cap","version":1}},"lines.discounts":{"7:bulk":{"amount":"2.00","code":"bulk","lineId":7}},"total":7,"version":2}',
      '3 updated LineCounted {"$event":{"quantity":9,"sku":"ink"},"lines":{"2":{"doubled":18,"quantity":9,"version":2}}}',
      '4 updated LineTaken {"$event":{"sku":"pen"},"lines":{"1":null},"lines.discounts":{"1:new":null}}',
      '5 none ReminderSent {"channel":"sms"}',
    ]);
    const events = await backstory.history('cart', '1', { after: 1 });
    expect(events.map(({ metadata }) => metadata['origin'])).toEqual(Array(4).fill('command'));
    expect(await backstory.load(Cart, '1', { version: 2 })).toMatchObject({
      lines: [{ sku: 'pen' }, { sku: 'ink', quantity: 2 }, { sku: 'cap', discounts: [{ code: 'bulk' }] }],
    });
  });

  it('gives each event its state where several change the same part, and a part that comes and goes is in none', async () => {
    const { backstory } = carts;
    await backstory.handle(Cart, 1, () => [
      new LineAdded('cap', 4),
      new LineCounted('cap', 5),
      new LineCounted('ink', 8),
      new LineCounted('ink', 9),
      new LineAdded('gone', 1),
      new LineTaken('gone'),
      { type: 'Discounted', data: { sku: 'pen', code: 'new', amount: '1.75' } },
      { type: 'Discounted', data: { sku: 'cap', code: 'late', amount: '3' } },
    ]);
    const states = await Promise.all(
      [2, 3, 4, 5, 8, 9].map(async (version) => {
        const cart = (await backstory.load(Cart, '1', { version })) as Cart;
        return cart.lines.map(
          ({ sku, quantity, discounts }) =>
            `${sku} ${quantity} ${discounts.map(({ amount }) => amount).join()}`,
        );
      }),
    );
    expect(states).toEqual([
      ['pen 1 1.50', 'ink 2 ', 'cap 4 '],
      ['pen 1 1.50', 'ink 2 ', 'cap 5 '],
      ['pen 1 1.50', 'ink 8 ', 'cap 5 '],
      ['pen 1 1.50', 'ink 9 ', 'cap 5 '],
      ['pen 1 1.75', 'ink 9 ', 'cap 5 '],
      ['pen 1 1.75', 'ink 9 ', 'cap 5 3.00'],
    ]);
  });

  it('one-to-one with a uuid, and join tables', async () => {
    const { backstory } = carts;
    const written = await backstory.handle(Cart, 1, () => [
      { type: 'SlipWritten', data: { text: 'x' } },
      { type: 'Tagged', data: { codes: ['b', 'c'] } },
    ]);
    expect(written.slip).toBeInstanceOf(Slip);
    expect(written.tags.map(({ code }) => code)).toEqual(['b', 'c']);
    const id = written.slip?.id;
    expect(await cartLines(backstory, 1)).toEqual([
      `2 updated SlipWritten {"$event":{"text":"x"},"slip":{"${id}":{"cart.id":1,"id":"${id}","text":"x"}}}`,
      `3 updated Tagged {"$event":{"codes":["b","c"]},"tags":{"1:a":null,"1:b":{"cartId":1,"tagCode":"b"},"1:c":{"cartId":1,"tagCode":"c"}}}`,
    ]);
    const gone = await backstory.handle(Cart, 1, () => [
      { type: 'SlipWritten', data: { text: 'y' } },
      { type: 'SlipWritten', data: { text: null } },
    ]);
    expect(gone.slip).toBeNull();
    expect((await find(1)).slip).toBeNull();
  });

  it('what is soft-deleted is a change, and goes with what it is part of', async () => {
    const { backstory, dataSource } = carts;
    const hidden = await backstory.handle(Cart, 1, () => ({ type: 'LineHidden', data: { sku: 'pen' } }));
    expect(hidden.lines.map(({ sku }) => sku)).toEqual(['ink']);
    expect((await cartLines(backstory, 1))[0]).toContain('"deletedAt":"1970-01-01T00:00:00+00:00"');
    expect(await dataSource.manager.count(Line, { where: { sku: 'pen' }, withDeleted: true })).toBe(3);
  });

  it('of rows of before, whose stream begins with all that they have', async () => {
    await carts.close();
    carts = await openCarts();
    const { backstory } = carts;
    const cart = await backstory.handle(Cart, 2, ({ lines }) => {
      expect(lines.map(({ discounts }) => discounts.length)).toEqual([1, 0]);
      return new LineCounted('pen', 3);
    });
    expect(cart.lines[0]).toMatchObject({ sku: 'pen', quantity: 3, doubled: 6, version: 2 });
    expect(await cartLines(backstory, 2, 0)).toEqual([
      expect.stringContaining('1 created CartCreated') as string,
      '2 updated LineCounted {"$event":{"quantity":3,"sku":"pen"},"lines":{"3":{"doubled":6,"quantity":3,"version":2}}}',
    ]);
  });

  it('creates, with keys from the database and from the application', async () => {
    const { backstory } = carts;
    const cart = await backstory.create(Cart, () => [
      { type: 'CartOpened', data: { status: 'new' } },
      new LineAdded('pen', undefined, [['a', '1']]),
      new LineAdded('ink', 2),
      { type: 'SlipWritten', data: { text: 's' } },
      { type: 'Tagged', data: { codes: ['c'] } },
    ]);
    expect(cart).toEqual(await find(cart.id).then((found) => ({ ...found, visits: undefined })));
    const events = await backstory.history('cart', String(cart.id));
    expect(events.map(({ change, type }) => `${change} ${type}`)).toEqual([
      'created CartOpened',
      'updated LineAdded',
      'updated LineAdded',
      'updated SlipWritten',
      'updated Tagged',
    ]);
    expect(await backstory.load(Cart, String(cart.id), { version: 2 })).toMatchObject({
      status: 'new',
      total: 1,
      lines: [{ sku: 'pen', quantity: 1, discounts: [{ code: 'a', amount: '1.00' }] }],
    });
    const only = await backstory.create(Cart, () => new LineAdded('pen', 1));
    expect(await cartLines(backstory, only.id, 0)).toHaveLength(1);
  });

  it('decided by evolve that returns other instances', async () => {
    const { backstory } = carts;
    const how = (cart: Cart): object => ({
      ...cart,
      lines: cart.lines.map((line) => (line.sku === 'pen' ? { ...line, quantity: 5 } : line)),
    });
    const event = Object.assign(Object.create({ constructor: { name: 'Wrong' } }) as object, { how });
    Object.defineProperty(event, 'how', { enumerable: false, value: how });
    const cart = await backstory.handle(Cart, 1, () => event);
    expect(cart.lines.map(({ quantity }) => quantity)).toEqual([5, 2]);
  });

  it('refuses what can not be written, before anything is', async () => {
    const { backstory } = carts;
    const before = await find(1);
    class Wrong {}
    for (const [, how, message] of refusals) {
      const event = new Wrong();
      Object.defineProperty(event, 'how', { enumerable: false, value: how });
      const refused = backstory.handle(Cart, 1, () => event);
      await expect(refused).rejects.toMatchObject({ code: 'COMMAND_REFUSED' });
      await expect(refused).rejects.toThrow(message);
    }
    expect(await find(1)).toEqual(before);
    expect(await cartLines(backstory, 1)).toEqual([]);
    await expect(backstory.handle(Cart, 1, (cart) => void (cart.lines[0]!.quantity = 4))).rejects.toThrow(
      /decide has changed "lines\[1\].quantity"/,
    );
    await expect(backstory.handle(Cart, 1, (cart) => void cart.lines.pop())).rejects.toThrow(
      /decide has changed "lines"/,
    );
  });
});
