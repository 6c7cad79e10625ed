import type { DataSource } from 'typeorm';
import type { Random } from '../random/seeded-random.js';

const nobody = 2_000_000_000;
const nothing = '00000000-0000-4000-8000-000000000000';

/**
 * Picks keys of rows that are there. When there is none, it answers with a key that nobody has, so that the write
 * meets a missing row.
 */
export class ExistingRows {
  constructor(
    private readonly dataSource: DataSource,
    private readonly random: Random,
  ) {}

  async customer(): Promise<number> {
    return (await this.one<number>('SELECT id FROM customer WHERE deleted_at IS NULL ORDER BY id')) ?? nobody;
  }

  async deletedCustomer(): Promise<number> {
    return (
      (await this.one<number>('SELECT id FROM customer WHERE deleted_at IS NOT NULL ORDER BY id')) ?? nobody
    );
  }

  customers(count: number): Promise<number[]> {
    return this.some<number>('SELECT id FROM customer WHERE deleted_at IS NULL ORDER BY id', count);
  }

  async product(): Promise<string> {
    return (await this.one<string>('SELECT id FROM product ORDER BY sku')) ?? nothing;
  }

  products(count: number): Promise<string[]> {
    return this.some<string>(
      'SELECT id FROM product WHERE is_active AND stock_on_hand > 20 ORDER BY sku',
      count,
    );
  }

  async order(status?: string): Promise<number> {
    const where = status === undefined ? '' : `WHERE status = '${status}'`;
    return (await this.one<number>(`SELECT id FROM "order" ${where} ORDER BY id`)) ?? nobody;
  }

  async lineOf(orderId: number): Promise<number> {
    return (
      (await this.one<number>(`SELECT id FROM order_line WHERE "orderId" = ${orderId} ORDER BY id`)) ?? nobody
    );
  }

  async coupon(): Promise<string> {
    return (await this.one<string>('SELECT code AS id FROM coupon ORDER BY code')) ?? 'NO-SUCH-COUPON';
  }

  async review(): Promise<{ productId: string; customerId: number }> {
    const key = await this.one<string>(
      `SELECT product_id || ' ' || customer_id AS id
         FROM review JOIN product ON product.id = product_id ORDER BY sku, customer_id`,
    );
    const [productId = nothing, customerId = nobody] = key?.split(' ') ?? [];
    return { productId, customerId: Number(customerId) };
  }

  private async one<Key>(sql: string): Promise<Key | undefined> {
    return (await this.some<Key>(sql, 1))[0];
  }

  private async some<Key>(sql: string, count: number): Promise<Key[]> {
    const rows: { id: Key }[] = await this.dataSource.query(sql);
    return this.random.sample(rows, count).map(({ id }) => id);
  }
}
