import type { DataSource, EntityManager } from 'typeorm';
import type { DeliveryTransactions } from '../outbox/index.js';
import type { PgClient } from './pg-pool.js';
import { lookInto } from './look-into.js';
import { executorOf } from './pool-database.js';

/**
 * Transactions with TypeORM's manager for the handler, and the same connection for the checkpoint. A tenant's have its schema
 * alone in their search_path: nothing that a handler or a projection does reaches tables of another.
 */
export function deliveryTransactions(dataSource: DataSource, tenant?: string): DeliveryTransactions {
  return {
    run: async (idleTimeoutMs, work) => {
      const runner = dataSource.createQueryRunner();
      try {
        const client = (await runner.connect()) as PgClient;
        const sql = executorOf(client);
        await runner.startTransaction('READ COMMITTED');
        await sql.execute(`set local idle_in_transaction_session_timeout = ${Math.ceil(idleTimeoutMs)}`);
        if (tenant !== undefined) await lookInto(sql, tenant);
        const result = await work(sql, runner.manager satisfies EntityManager);
        await runner.commitTransaction();
        return result;
      } catch (error) {
        if (runner.isTransactionActive) await runner.rollbackTransaction().catch(() => undefined);
        throw error;
      } finally {
        await runner.release();
      }
    },
  };
}
