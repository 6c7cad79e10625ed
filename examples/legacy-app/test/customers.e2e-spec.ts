import { Customer } from '../src/customers/customer.entity.js';
import { createCustomer, type CustomerBody, type PageBody } from './made-up.js';
import { createFreshShop, type Shop } from './shop.js';

const mainStreet = { street: '1 Main Street', city: 'Zürich', postalCode: '8001', country: 'CH' };
const nowhere = { street: null, city: null, postalCode: null, country: null };
const nobody = 999_999;

describe('customers', () => {
  let shop: Shop;

  beforeAll(async () => {
    shop = await createFreshShop();
  });

  afterAll(() => shop.close());

  const get = async (id: number): Promise<CustomerBody> =>
    (await shop.http.get(`/customers/${id}`).expect(200)).body as CustomerBody;

  it('are created with embedded addresses and defaults', async () => {
    const customer = await createCustomer(shop, {
      email: 'Ada@Example.com',
      billing: mainStreet,
      birthday: '1815-12-10',
    });

    expect(await get(customer.id)).toMatchObject({
      email: 'ada@example.com',
      billing: mainStreet,
      shipping: nowhere,
      loyaltyPoints: '0',
      preferences: {},
      birthday: '1815-12-10',
      version: 1,
      deletedAt: null,
    });
  });

  it.each([
    ['no email', { name: 'Ada' }],
    ['a bad email', { name: 'Ada', email: 'ada' }],
    ['an unknown property', { name: 'Ada', email: 'a@example.com', admin: true }],
    ['half an address', { name: 'Ada', email: 'a@example.com', billing: { street: 'x' } }],
    ['a birthday that is no date', { name: 'Ada', email: 'a@example.com', birthday: '2023-02-30' }],
  ])('are refused with %s', async (_reason, body) => {
    await shop.http.post('/customers').send(body).expect(400);
  });

  it('have an email that nobody else has', async () => {
    const { email } = await createCustomer(shop);
    await shop.http.post('/customers').send({ email, name: 'Twin' }).expect(409);
  });

  it('are listed by page, by name and by country', async () => {
    const inNorway = { ...mainStreet, country: 'NO' };
    for (const name of ['Findable One', 'Findable Two', 'Findable Three']) {
      await createCustomer(shop, { name, billing: inNorway });
    }

    const { body } = await shop.http
      .get('/customers?search=findable&country=NO&pageSize=2&page=2')
      .expect(200);
    expect(body).toMatchObject({ total: 3, page: 2, pageSize: 2, items: [{ name: 'Findable Three' }] });
    await shop.http.get('/customers?pageSize=1000').expect(400);
  });

  it('are changed, with a new version, and only where the request says so', async () => {
    const { id, createdAt, updatedAt } = await createCustomer(shop, { billing: mainStreet });
    await shop.http.patch(`/customers/${id}`).send({ name: 'Renamed', shipping: mainStreet }).expect(200);

    const changed = await get(id);
    expect(changed).toMatchObject({
      name: 'Renamed',
      billing: mainStreet,
      shipping: mainStreet,
      version: 2,
      createdAt,
    });
    expect(Date.parse(changed.updatedAt)).toBeGreaterThan(Date.parse(updatedAt));
  });

  it('keep their version when nothing changes', async () => {
    const { id } = await createCustomer(shop, { billing: mainStreet });
    await shop.http.patch(`/customers/${id}`).send({ billing: mainStreet }).expect(200);
    expect(await get(id)).toMatchObject({ version: 1 });
  });

  it('are not changed by somebody who has seen an older version', async () => {
    const { id, version } = await createCustomer(shop);
    await shop.http.patch(`/customers/${id}`).send({ name: 'First', version }).expect(200);
    await shop.http.patch(`/customers/${id}`).send({ name: 'Second', version }).expect(409);
    expect(await get(id)).toMatchObject({ name: 'First' });
  });

  it('merge their preferences', async () => {
    const { id } = await createCustomer(shop, { preferences: { theme: 'dark', size: 1 } });
    await shop.http
      .put(`/customers/${id}/preferences`)
      .send({ size: null, nested: { deep: ['a', 1.5] } })
      .expect(200);
    expect(await get(id)).toMatchObject({
      preferences: { theme: 'dark', size: null, nested: { deep: ['a', 1.5] } },
      version: 2,
    });
  });

  it('earn and spend loyalty points, which may be more than a double can count', async () => {
    const { id } = await createCustomer(shop);
    await shop.dataSource.getRepository(Customer).update(id, { loyaltyPoints: '9007199254740992' });
    await shop.http.post(`/customers/${id}/loyalty-points`).send({ points: 1 }).expect(200);
    expect(await get(id)).toMatchObject({ loyaltyPoints: '9007199254740993' });

    await shop.dataSource.getRepository(Customer).update(id, { loyaltyPoints: '10' });
    await shop.http.post(`/customers/${id}/loyalty-points`).send({ points: -4 }).expect(200);
    await shop.http.post(`/customers/${id}/loyalty-points`).send({ points: -7 }).expect(409);
    await shop.http.post(`/customers/${id}/loyalty-points`).send({ points: 0 }).expect(400);
    expect(await get(id)).toMatchObject({ loyaltyPoints: '6' });
  });

  it('are hidden when deleted, and come back when restored', async () => {
    const { id, email } = await createCustomer(shop);
    await shop.http.delete(`/customers/${id}`).expect(204);

    await shop.http.get(`/customers/${id}`).expect(404);
    await shop.http.patch(`/customers/${id}`).send({ name: 'Ghost' }).expect(404);
    const { body } = await shop.http.get(`/customers?search=${email}`).expect(200);
    expect((body as PageBody<CustomerBody>).total).toBe(0);
    const customers = shop.dataSource.getRepository(Customer);
    expect((await customers.findOne({ where: { id }, withDeleted: true }))?.deletedAt).toBeInstanceOf(Date);

    await shop.http.post(`/customers/${id}/restore`).expect(200);
    expect(await get(id)).toMatchObject({ email, deletedAt: null });
  });

  it('are not found when nobody has the id', async () => {
    await shop.http.get(`/customers/${nobody}`).expect(404);
    await shop.http.get('/customers/abc').expect(400);
    await shop.http.delete(`/customers/${nobody}`).expect(404);
    await shop.http.post(`/customers/${nobody}/restore`).expect(404);
    await shop.http.post(`/customers/${nobody}/loyalty-points`).send({ points: 1 }).expect(404);
    await shop.http.put(`/customers/${nobody}/preferences`).send({ theme: 'dark' }).expect(404);
  });
});
