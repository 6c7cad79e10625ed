import type { Shop } from './shop.js';

export interface CustomerBody {
  id: number;
  email: string;
  name: string;
  billing: Record<string, string | null>;
  shipping: Record<string, string | null>;
  loyaltyPoints: string;
  preferences: Record<string, unknown>;
  birthday: string | null;
  createdAt: string;
  updatedAt: string;
  version: number;
  deletedAt: string | null;
}

export interface ProductBody {
  id: string;
  sku: string;
  name: string;
  price: string;
  stock: number;
  active: boolean;
  keywords: string[];
  isbn?: string;
  specs?: unknown;
}

export interface OrderBody {
  id: number;
  number: string;
  status: string;
  total: string;
  note: string | null;
  placedAt: string | null;
  shippedAt: string | null;
  version: number;
  customer: CustomerBody | null;
  shipping: Record<string, string | null>;
  lines: { id: number; quantity: number; unitPrice: string; product: ProductBody }[];
  tags: { id: number; label: string }[];
}

export interface PageBody<T> {
  items: T[];
  total: number;
  page: number;
  pageSize: number;
}

let made = 0;

export async function createCustomer({ http }: Shop, changes: object = {}): Promise<CustomerBody> {
  made += 1;
  const response = await http
    .post('/customers')
    .send({ email: `shopper-${made}@example.com`, name: `Shopper ${made}`, ...changes })
    .expect(201);
  return response.body as CustomerBody;
}

export async function createBook({ http }: Shop, changes: object = {}): Promise<ProductBody> {
  made += 1;
  const response = await http
    .post('/products/books')
    .send({
      sku: `B-${made}`,
      name: `Book ${made}`,
      price: '12.50',
      stock: 10,
      isbn: '9780131103627',
      ...changes,
    })
    .expect(201);
  return response.body as ProductBody;
}

export async function createDraft(
  shop: Shop,
  quantities: number[] = [1],
  changes: object = {},
): Promise<OrderBody> {
  const response = await shop.http
    .post('/orders/drafts')
    .send({ ...(await orderRequest(shop, quantities)), ...changes })
    .expect(201);
  return response.body as OrderBody;
}

export async function placeOrder(
  shop: Shop,
  quantities: number[] = [1],
  changes: object = {},
): Promise<OrderBody> {
  const response = await shop.http
    .post('/orders')
    .send({ ...(await orderRequest(shop, quantities)), ...changes })
    .expect(201);
  return response.body as OrderBody;
}

async function orderRequest(shop: Shop, quantities: number[]): Promise<object> {
  const { id } = await createCustomer(shop);
  const lines = [];
  for (const quantity of quantities) {
    lines.push({ productId: (await createBook(shop)).id, quantity });
  }
  return { customerId: id, lines };
}

export async function countRows({ dataSource }: Shop, table: string): Promise<number> {
  const [row] = await dataSource.query<{ count: number }[]>(`SELECT count(*)::int AS count FROM "${table}"`);
  return row!.count;
}
