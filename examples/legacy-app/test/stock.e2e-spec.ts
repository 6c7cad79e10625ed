import { createBook, type ProductBody } from './made-up.js';
import { createFreshShop, type Shop } from './shop.js';

interface MovementBody {
  id: string;
  delta: number;
  reason: string;
  at: string;
}

const nothing = '00000000-0000-4000-8000-000000000000';

describe('stock', () => {
  let shop: Shop;

  beforeAll(async () => {
    shop = await createFreshShop();
  });

  afterAll(() => shop.close());

  const stockOf = async (id: string): Promise<number> =>
    ((await shop.http.get(`/products/${id}`).expect(200)).body as ProductBody).stock;

  const movementsOf = async (id: string): Promise<[number, string][]> => {
    const { body } = await shop.http.get(`/products/${id}/movements`).expect(200);
    return (body as MovementBody[]).map(({ delta, reason }) => [delta, reason]);
  };

  it('goes up with a restock, which puts the product on sale again', async () => {
    const { id } = await createBook(shop);
    await shop.http.patch(`/products/${id}`).send({ active: false }).expect(200);
    const { body } = await shop.http.post(`/products/${id}/restock`).send({ quantity: 7 }).expect(200);
    expect(body).toMatchObject({ stock: 17, active: true });
    expect(await movementsOf(id)).toEqual([[7, 'restocked']]);
  });

  it('has movements with ids as text and times to the microsecond', async () => {
    const { id } = await createBook(shop);
    await shop.http.post(`/products/${id}/restock`).send({ quantity: 1 }).expect(200);
    const { body } = await shop.http.get(`/products/${id}/movements`);
    const [movement] = body as MovementBody[];
    expect(typeof movement!.id).toBe('string');
    const [row] = await shop.dataSource.query<{ precision: number }[]>(
      `SELECT datetime_precision AS precision FROM information_schema.columns
        WHERE table_name = 'stock_movement' AND column_name = 'moved_at'`,
    );
    expect(row!.precision).toBe(6);
  });

  it('is corrected by a stocktake', async () => {
    const { id } = await createBook(shop);
    await shop.http.post(`/products/${id}/stocktake`).send({ counted: 4 }).expect(200);
    expect(await stockOf(id)).toBe(4);
    expect(await movementsOf(id)).toEqual([[-6, 'stocktake']]);
  });

  it('stays as it was when a stocktake is rolled back', async () => {
    const { id } = await createBook(shop);
    await shop.http.post(`/products/${id}/stocktake`).send({ counted: -1 }).expect(400);
    expect(await stockOf(id)).toBe(10);
    expect(await movementsOf(id)).toEqual([]);
  });

  it('follows the feed of the warehouse', async () => {
    const [changed, same] = [await createBook(shop), await createBook(shop)];
    const levels = [
      { productId: changed.id, stock: 25 },
      { productId: same.id, stock: 10 },
      { productId: nothing, stock: 5 },
    ];
    await shop.http.post('/stock-feed').send({ levels }).expect(200, { affected: 2 });
    expect(await stockOf(changed.id)).toBe(25);
    expect(await movementsOf(changed.id)).toEqual([[15, 'warehouse feed']]);
    expect(await movementsOf(same.id)).toEqual([]);
  });

  it('refuses what cannot be', async () => {
    const { id } = await createBook(shop);
    await shop.http.post(`/products/${id}/restock`).send({ quantity: 0 }).expect(400);
    await shop.http.post(`/products/${nothing}/restock`).send({ quantity: 1 }).expect(404);
    await shop.http.post(`/products/${nothing}/stocktake`).send({ counted: 1 }).expect(404);
    await shop.http
      .post('/stock-feed')
      .send({ levels: [{ productId: id, stock: -1 }] })
      .expect(400);
    await shop.http.post('/stock-feed').send({ levels: [] }).expect(400);
  });
});
