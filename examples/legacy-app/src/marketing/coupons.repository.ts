import { Injectable } from '@nestjs/common';
import { DataSource, Repository } from 'typeorm';
import { Coupon } from './coupon.entity.js';

@Injectable()
export class CouponsRepository extends Repository<Coupon> {
  constructor(dataSource: DataSource) {
    super(Coupon, dataSource.createEntityManager());
  }

  /** Counts one use, unless the coupon has expired. Raw, so that two customers never read the same count. */
  async redeem(code: string, manager = this.manager): Promise<Coupon | undefined> {
    const [rows] = await manager.query<[Coupon[], number]>(
      `UPDATE coupon
          SET used_count = used_count + 1
        WHERE code = $1 AND expires_on >= current_date
    RETURNING code, discount, used_count AS used, expires_on::text AS "expiresOn"`,
      [code],
    );
    return rows[0];
  }

  async deleteExpired(): Promise<number> {
    const { affected } = await this.createQueryBuilder()
      .delete()
      .where('expires_on < current_date')
      .execute();
    return affected ?? 0;
  }
}
