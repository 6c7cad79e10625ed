import { createInbox, type InboxOptions } from '@backstory/adapter/inbox';
import { inboxContract, type InboxUnderTest } from '@backstory/adapter/testing';
import { createTestDatabase } from '@backstory/test/postgres';
import { Pool } from 'pg';
import { DataSource } from 'typeorm';

const table = 'create table effects (place bigserial, id text)';
const insert = 'insert into effects (id) values ($1)';
const select = 'select id from effects order by place';

async function openByPg(url: string, options: InboxOptions): Promise<InboxUnderTest> {
  const pool = new Pool({ connectionString: url, max: 10 });
  await pool.query(table);
  await createInbox(pool).install();
  return {
    deliver: async (event, during) => {
      const client = await pool.connect();
      try {
        await client.query('begin');
        const outcome = await createInbox(client, options).once(event, async (each, delivery) => {
          await client.query(insert, [each.id]);
          await during(each, delivery);
        });
        await client.query('commit');
        return outcome;
      } catch (error) {
        await client.query('rollback');
        throw error;
      } finally {
        client.release();
      }
    },
    effects: async () => (await pool.query<{ id: string }>(select)).rows.map(({ id }) => id),
    close: () => pool.end(),
  };
}

async function openByTypeOrm(url: string, options: InboxOptions): Promise<InboxUnderTest> {
  const dataSource = await new DataSource({ type: 'postgres', url }).initialize();
  await dataSource.query(table);
  await createInbox(dataSource.manager).install();
  return {
    deliver: (event, during) =>
      dataSource.transaction((manager) =>
        createInbox(manager, options).once(event, async (each, delivery) => {
          await manager.query(insert, [each.id]);
          await during(each, delivery);
        }),
      ),
    effects: async () => (await dataSource.query<{ id: string }[]>(select)).map(({ id }) => id),
    close: () => dataSource.destroy(),
  };
}

const ways = [
  ['a transaction of pg', openByPg, 'stream'],
  ['a transaction of TypeORM', openByTypeOrm, 'stream'],
  ['any order', openByPg, 'any'],
] as const;

for (const [way, open, order] of ways)
  inboxContract(
    `the inbox in ${way}`,
    async () => {
      const database = await createTestDatabase();
      const inbox = await open(database.url, { order, from: 'beginning' });
      const close = async (): Promise<void> => {
        await inbox.close();
        await database.drop();
      };
      return { ...inbox, close };
    },
    { order: order === 'stream' },
  );
