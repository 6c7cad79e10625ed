import { Book } from '../src/catalog/book.entity.js';
import { Gadget } from '../src/catalog/gadget.entity.js';
import { Money } from '../src/catalog/money.js';
import { Product } from '../src/catalog/product.entity.js';
import { createBook, placeOrder, type PageBody, type ProductBody } from './made-up.js';
import { createFreshShop, type Shop } from './shop.js';

const nothing = '00000000-0000-4000-8000-000000000000';

describe('the catalog', () => {
  let shop: Shop;

  beforeAll(async () => {
    shop = await createFreshShop();
  });

  afterAll(() => shop.close());

  const get = async (id: string): Promise<ProductBody> =>
    (await shop.http.get(`/products/${id}`).expect(200)).body as ProductBody;

  const createGadget = async (changes: object): Promise<ProductBody> =>
    (
      await shop.http
        .post('/products/gadgets')
        .send({ name: 'Lamp', price: '19.9', ...changes })
        .expect(201)
    ).body as ProductBody;

  it('holds books and gadgets in one table, each with its own columns', async () => {
    const keywords = ['a "b"', 'c, d', '', '{e}'];
    const book = await createBook(shop, { pages: 274, keywords });
    const gadget = await createGadget({ sku: 'G-lamp', specs: { watts: 7.5, ports: [null, 'usb'] } });

    expect(await get(book.id)).toMatchObject({ isbn: '9780131103627', pages: 274, price: '12.50', keywords });
    expect(await get(gadget.id)).toMatchObject({
      warrantyMonths: 24,
      specs: { watts: 7.5, ports: [null, 'usb'] },
      price: '19.90',
      stock: 0,
      active: true,
      keywords: [],
    });
    expect(await get(gadget.id)).not.toHaveProperty('isbn');
    const products = shop.dataSource.getRepository(Product);
    expect(await products.findOneBy({ id: book.id })).toBeInstanceOf(Book);
    expect(await products.findOneBy({ id: gadget.id })).toBeInstanceOf(Gadget);
  });

  it('keeps prices as money', async () => {
    const { id } = await createBook(shop, { price: '0.29' });
    const product = await shop.dataSource.getRepository(Product).findOneByOrFail({ id });
    expect(product.price).toBeInstanceOf(Money);
    expect(product.price.cents).toBe(29);
    expect(product.price.times(3).toString()).toBe('0.87');
    const found = await shop.dataSource.getRepository(Product).findOneBy({ id, price: Money.parse('0.29') });
    expect(found?.id).toBe(id);
  });

  it.each([
    ['books', { sku: 'X', name: 'X', price: '1', isbn: 'not an isbn' }],
    ['books', { sku: 'X', name: 'X', price: '1.234', isbn: '9780131103627' }],
    ['books', { sku: 'X', name: 'X', price: '1' }],
    ['gadgets', { sku: 'X', name: 'X', price: '1', isbn: '9780131103627' }],
    ['gadgets', { sku: 'X', name: 'X', price: '1', stock: -1 }],
  ])('refuses %s like %j', async (kind, body) => {
    await shop.http.post(`/products/${kind}`).send(body).expect(400);
  });

  it('refuses a second product with the same sku, whatever its kind', async () => {
    const { sku } = await createBook(shop);
    await shop.http.post('/products/gadgets').send({ sku, name: 'Twin', price: '1' }).expect(409);
  });

  it('lists by kind and by keyword', async () => {
    await createBook(shop, { sku: 'K-1', keywords: ['findable', 'other'] });
    await createGadget({ sku: 'K-2', keywords: ['findable'] });

    const skus = async (query: string): Promise<string[]> => {
      const { body } = await shop.http.get(`/products?keyword=findable${query}`).expect(200);
      return (body as PageBody<ProductBody>).items.map(({ sku }) => sku);
    };
    expect(await skus('')).toEqual(['K-1', 'K-2']);
    expect(await skus('&kind=book')).toEqual(['K-1']);
    expect(await skus('&kind=gadget')).toEqual(['K-2']);
    expect(await skus('&page=2&pageSize=1')).toEqual(['K-2']);
    await shop.http.get('/products?kind=car').expect(400);
  });

  it('changes what it is asked to and nothing else', async () => {
    const book = await createBook(shop);
    await shop.http
      .patch(`/products/${book.id}`)
      .send({ name: 'Second edition', keywords: ['new'] })
      .expect(200);
    expect(await get(book.id)).toMatchObject({
      name: 'Second edition',
      keywords: ['new'],
      price: '12.50',
      isbn: book.isbn,
      stock: 10,
    });
  });

  it('changes one price', async () => {
    const { id } = await createBook(shop);
    const { body } = await shop.http.patch(`/products/${id}/price`).send({ price: '99.99' }).expect(200);
    expect(body).toMatchObject({ id, price: '99.99' });
    await shop.http.patch(`/products/${id}/price`).send({ price: 'free' }).expect(400);
    await shop.http.patch(`/products/${nothing}/price`).send({ price: '1' }).expect(404);
  });

  it('changes many prices at once, of active products with the keyword', async () => {
    const cheap = await createBook(shop, { price: '0.01', keywords: ['rise'] });
    const dear = await createBook(shop, { price: '10.05', keywords: ['rise'] });
    const inactive = await createBook(shop, { price: '10.00', keywords: ['rise'] });
    const other = await createBook(shop, { price: '10.00' });
    await shop.http.patch(`/products/${inactive.id}`).send({ active: false }).expect(200);

    await shop.http
      .post('/products/prices')
      .send({ percent: 10, keyword: 'rise' })
      .expect(200, { affected: 2 });

    const prices = await Promise.all(
      [cheap, dear, inactive, other].map(async ({ id }) => (await get(id)).price),
    );
    expect(prices).toEqual(['0.01', '11.06', '10.00', '10.00']);
    await shop.http.post('/products/prices').send({ percent: -80 }).expect(400);
  });

  it('removes a product that was never ordered, with what hangs on it', async () => {
    const { id } = await createBook(shop);
    await shop.http.post(`/products/${id}/restock`).send({ quantity: 1 }).expect(200);
    await shop.http.delete(`/products/${id}`).expect(204);
    await shop.http.get(`/products/${id}`).expect(404);
    await shop.http.get(`/products/${id}/movements`).expect(200, []);
    await shop.http.delete(`/products/${id}`).expect(404);
  });

  it('does not remove a product that was ordered', async () => {
    const { lines } = await placeOrder(shop);
    await shop.http.delete(`/products/${lines[0]!.product.id}`).expect(409);
    await get(lines[0]!.product.id);
  });

  it('does not find what is not there', async () => {
    await shop.http.get(`/products/${nothing}`).expect(404);
    await shop.http.get('/products/1').expect(400);
    await shop.http.patch(`/products/${nothing}`).send({ name: 'Ghost' }).expect(404);
  });
});
