import { createCustomer, countRows } from './made-up.js';
import { createFreshShop, type Shop } from './shop.js';

describe('batches of customers', () => {
  let shop: Shop;

  beforeAll(async () => {
    shop = await createFreshShop();
  });

  afterAll(() => shop.close());

  const batch = (name: string, body: object) => shop.http.post(`/customer-batches/${name}`).send(body);
  const newcomers = (prefix: string, count: number): object[] =>
    Array.from({ length: count }, (_, index) => ({
      email: `${prefix}-${index}@example.com`,
      name: `New ${index}`,
    }));

  it('are imported, as many as there are', async () => {
    const before = await countRows(shop, 'customer');
    await batch('import', { customers: newcomers('many', 250) }).expect(201, { affected: 250 });
    expect(await countRows(shop, 'customer')).toBe(before + 250);
  });

  it('are imported all or not at all', async () => {
    const { email } = await createCustomer(shop);
    const before = await countRows(shop, 'customer');
    const customers = [...newcomers('half', 150), { email, name: 'Known' }];
    await batch('import', { customers }).expect(409);
    expect(await countRows(shop, 'customer')).toBe(before);
  });

  it('are imported without the known ones when asked to', async () => {
    const { id, email } = await createCustomer(shop, { name: 'Was here first' });
    const customers = [...newcomers('some', 3), { email, name: 'Known' }];
    await batch('import', { customers, skipKnown: true }).expect(201, { affected: 3 });
    const { body } = await shop.http.get(`/customers/${id}`);
    expect(body).toMatchObject({ name: 'Was here first', version: 1 });
  });

  it('are validated one by one', async () => {
    await batch('import', { customers: [{ email: 'no', name: 'No' }] }).expect(400);
    await batch('import', { customers: [] }).expect(400);
    await batch('archive', { ids: ['1'] }).expect(400);
  });

  it('are renamed from partial objects, the rest untouched', async () => {
    const one = await createCustomer(shop, { name: 'One', birthday: '1990-01-02' });
    const two = await createCustomer(shop, { name: 'Two' });
    await batch('rename', { ids: [one.id, two.id], suffix: 'Jr.' }).expect(200, { affected: 2 });

    const { body } = await shop.http.get(`/customers/${one.id}`);
    expect(body).toMatchObject({ name: 'One Jr.', email: one.email, birthday: '1990-01-02', version: 2 });
  });

  it('are archived and reactivated', async () => {
    const ids = [(await createCustomer(shop)).id, (await createCustomer(shop)).id];
    await batch('archive', { ids }).expect(200, { affected: 2 });
    await batch('archive', { ids }).expect(200, { affected: 0 });
    await shop.http.get(`/customers/${ids[0]}`).expect(404);

    await batch('reactivate', { ids }).expect(200, { affected: 2 });
    await shop.http.get(`/customers/${ids[0]}`).expect(200);
  });

  it('are forgotten but for what the accounts need', async () => {
    const { id } = await createCustomer(shop, {
      birthday: '1990-01-02',
      preferences: { theme: 'dark' },
      billing: { street: '1 Main Street', city: 'Oslo', country: 'NO' },
    });
    await batch('forget', { ids: [id] }).expect(200, { affected: 1 });

    const { body } = await shop.http.get(`/customers/${id}`);
    expect(body).toMatchObject({
      name: 'Forgotten',
      email: `forgotten-${id}@example.invalid`,
      birthday: null,
      preferences: {},
      billing: { street: null, city: 'Oslo', country: 'NO' },
      version: 2,
    });
  });
});
