import { type Backstory, createBackstory } from '@backstory/adapter';
import { DataSource, EntitySchema } from 'typeorm';

export const orders = new EntitySchema<{ id: number; status: string; lines: object[] }>({
  name: 'Order',
  columns: { id: { type: 'int', primary: true, generated: true }, status: { type: 'text' } },
  relations: { lines: { type: 'one-to-many', target: 'Line', inverseSide: 'order', cascade: true } },
});

export const lines = new EntitySchema<{ id: number; text: string; order: object }>({
  name: 'Line',
  columns: { id: { type: 'int', primary: true, generated: true }, text: { type: 'text' } },
  indices: [{ columns: ['order'] }],
  relations: {
    order: {
      type: 'many-to-one',
      target: 'Order',
      inverseSide: 'lines',
      nullable: false,
      onDelete: 'CASCADE',
    },
  },
});

export const notes = new EntitySchema<{ id: number; body: string }>({
  name: 'Note',
  columns: { id: { type: 'int', primary: true, generated: true }, body: { type: 'text' } },
});

export interface Shop {
  readonly dataSource: DataSource;
  readonly backstory: Backstory;
  close(): Promise<void>;
}

export async function openShop(
  url: string,
  options: { create?: boolean; install?: 'auto' | 'check'; warnings?: string[] } = {},
): Promise<Shop> {
  const dataSource = new DataSource({
    type: 'postgres',
    url,
    entities: [orders, lines, notes],
    synchronize: options.create ?? false,
  });
  await dataSource.initialize();
  const backstory = await createBackstory(dataSource, {
    aggregates: [{ entity: 'Order', owns: ['lines'] }, 'Note'],
    install: options.install ?? 'auto',
    logger: { log: () => undefined, warn: (message) => void options.warnings?.push(message) },
  });
  return {
    dataSource,
    backstory,
    close: async () => {
      await backstory.close();
      await dataSource.destroy();
    },
  };
}

export async function fillShop({ dataSource, backstory }: Shop): Promise<void> {
  for (const statement of [
    `insert into "order" (status) select 'new' from generate_series(1, 20)`,
    `insert into line (text, "orderId") select 'x', 1 + n % 20 from generate_series(1, 60) n`,
    `insert into note (body) select 'b' from generate_series(1, 10)`,
    `update "order" set status = 'paid' where id < 5`,
    `delete from note where id > 8`,
  ])
    await dataSource.query(statement);
  await backstory.backfill();
  await backstory.stages.set('note', 'replay', { force: true });
}

/** Everything that the log holds, in its order. */
export function log({ dataSource }: Pick<Shop, 'dataSource'>): Promise<unknown[]> {
  return dataSource.query(`select e::text from backstory.events e order by global_position`);
}

/** The log is the same, everything is clean, and what is written from now on is captured behind it. */
export async function expectToGoOn(shop: Shop, before: readonly unknown[]): Promise<void> {
  expect(await log(shop)).toEqual(before);
  expect(await shop.backstory.verify()).toMatchObject({ clean: true });
  await shop.dataSource.query(`insert into note (body) values ('after')`);
  await shop.dataSource.query(`update "order" set status = 'sent' where id = 7`);
  await shop.dataSource.query(`delete from line where "orderId" = 8`);
  const now = await log(shop);
  expect(now.slice(0, before.length)).toEqual(before);
  // the note, the order, and the three lines of the other order
  expect(now.length).toBe(before.length + 5);
  expect(await shop.backstory.verify()).toMatchObject({ clean: true });
  expect((await shop.backstory.doctor()).filter(({ severity }) => severity !== 'hint')).toEqual([]);
}
