import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { Product } from '../catalog/product.entity.js';
import { CouponsRepository } from '../marketing/coupons.repository.js';
import { JobsService } from './jobs.service.js';

export interface NightlyReport {
  cancelledDrafts: number;
  purgedCustomers: number;
  soldOutProducts: number;
  expiredCoupons: number;
  clearedJobs: number;
}

/** What used to be a cron job with psql. */
@Injectable()
export class MaintenanceService {
  constructor(
    private readonly dataSource: DataSource,
    private readonly coupons: CouponsRepository,
    private readonly jobs: JobsService,
  ) {}

  async nightly(draftsOlderThanDays: number): Promise<NightlyReport> {
    return {
      cancelledDrafts: await this.cancelOldDrafts(draftsOlderThanDays),
      purgedCustomers: await this.purgeDeletedCustomers(),
      soldOutProducts: await this.deactivateSoldOut(),
      expiredCoupons: await this.coupons.deleteExpired(),
      clearedJobs: await this.jobs.clearDone(),
    };
  }

  /** One statement changes two tables and answers with a count. */
  private async cancelOldDrafts(days: number): Promise<number> {
    const rows: { cancelled: number }[] = await this.dataSource.query(
      `WITH old AS (
         SELECT id FROM "order"
          WHERE status = 'draft' AND "createdAt" <= now() - make_interval(days => $1)
          ORDER BY id
          LIMIT 500
            FOR NO KEY UPDATE SKIP LOCKED
       ), cancelled AS (
         UPDATE "order" o
            SET status = 'cancelled', note = concat_ws(E'\\n', note, 'Cancelled: draft too old'),
                version = version + 1, "updatedAt" = now()
           FROM old
          WHERE o.id = old.id
      RETURNING o.id
       ), announced AS (
         INSERT INTO job_records (payload)
         SELECT json_build_object('job', 'announce-cancellation', 'orderId', id) FROM cancelled
       )
       SELECT count(*)::int AS cancelled FROM cancelled`,
      [days],
    );
    return rows[0]?.cancelled ?? 0;
  }

  private async purgeDeletedCustomers(): Promise<number> {
    const [, purged] = await this.dataSource.manager.query<[unknown[], number]>(
      `DELETE FROM customer c
        WHERE deleted_at < now() - interval '30 days'
          AND NOT EXISTS (SELECT FROM "order" o WHERE o.customer_id = c.id)`,
    );
    return purged;
  }

  private async deactivateSoldOut(): Promise<number> {
    const { affected } = await this.dataSource
      .createQueryBuilder()
      .update(Product)
      .set({ active: false })
      .where('is_active AND stock_on_hand = 0')
      .execute();
    return affected ?? 0;
  }
}
