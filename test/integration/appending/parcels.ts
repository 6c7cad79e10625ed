import 'reflect-metadata';
import {
  type AppendedEvents,
  type AppendOptions,
  type Backstory,
  type BackstoryOptions,
  createBackstory,
  type NewEvent,
} from '@backstory/adapter';
import { createTestDatabase } from '@backstory/test/postgres';
import {
  Column,
  DataSource,
  type DataSourceOptions,
  Entity,
  ManyToOne,
  OneToMany,
  PrimaryColumn,
  type Relation,
} from 'typeorm';

/** One row, one stream. */
@Entity()
export class Parcel {
  @PrimaryColumn({ type: 'int' })
  id: number;

  @Column({ type: 'text', default: 'packed' })
  status: string;

  @Column({ type: 'text', nullable: true })
  email: string | null;
}

/** With parts. */
@Entity()
export class Basket {
  @PrimaryColumn({ type: 'int' })
  id: number;

  @Column({ type: 'text', default: '' })
  note: string;

  @OneToMany(() => Item, (item) => item.basket, { cascade: true })
  items: Relation<Item>[];
}

@Entity()
export class Item {
  @PrimaryColumn({ type: 'int' })
  id: number;

  @Column({ type: 'int', default: 1 })
  quantity: number;

  @ManyToOne(() => Basket, (basket) => basket.items, { onDelete: 'CASCADE' })
  basket: Relation<Basket>;
}

/** A key of two columns. */
@Entity()
export class Seat {
  @PrimaryColumn({ type: 'text' })
  room: string;

  @PrimaryColumn({ type: 'int' })
  number: number;

  @Column({ type: 'text', default: 'free' })
  state: string;
}

export class ReminderSent {
  readonly channel: string;

  // class-transformer makes instances for handlers, without arguments
  constructor(data?: { channel: string }) {
    Object.assign(this, data);
  }
}

export class NoteTaken {
  constructor(readonly text: string) {}
}

type EntityTarget = Parameters<Backstory['append']>[1];

export interface Depot {
  readonly dataSource: DataSource;
  readonly backstory: Backstory;
  readonly url: string;
  /** In a transaction of its own. */
  append(
    target: EntityTarget,
    id: string | number,
    events: NewEvent | readonly NewEvent[],
    options?: AppendOptions,
  ): Promise<AppendedEvents>;
  close(): Promise<void>;
}

export const depotEntities = [Parcel, Basket, Item, Seat];

export const depotOptions: BackstoryOptions = {
  aggregates: ['all', { entity: Basket, owns: ['items'] }],
  topics: ['newsletter'],
};

/** Three parcels, two baskets with two items each, two seats; nothing is backfilled. */
export async function openDepot(
  options: BackstoryOptions = {},
  more: Partial<DataSourceOptions> = {},
): Promise<Depot> {
  const database = await createTestDatabase();
  const dataSource = await new DataSource({
    type: 'postgres',
    url: database.url,
    entities: depotEntities,
    synchronize: true,
    ...more,
  } as DataSourceOptions).initialize();
  await dataSource.query(`
    insert into parcel (id, email) select n, 'p' || n || '@example.com' from generate_series(1, 3) n;
    insert into basket (id) values (1), (2);
    insert into item (id, "basketId") select n, 1 + n % 2 from generate_series(1, 4) n;
    insert into seat (room, number) values ('a:b', 7), ('c', 8)`);
  const backstory = await createBackstory(dataSource, { ...depotOptions, ...options });
  const close = async (): Promise<void> => {
    await backstory.close();
    await dataSource.destroy();
    await database.drop();
  };
  const append: Depot['append'] = (...args) =>
    dataSource.transaction((manager) => backstory.append(manager, ...args));
  return { dataSource, backstory, url: database.url, append, close };
}

/** `2 ReminderSent {"channel":"sms"}`, for each event of a stream. */
export async function linesOf(backstory: Backstory, category: string, id: string): Promise<string[]> {
  const events = await backstory.history(category, id);
  return events.map(({ streamPosition, type, data }) => `${streamPosition} ${type} ${JSON.stringify(data)}`);
}

/** Rows and streams agree, once rows without a stream have got theirs, and nothing is pending. */
export async function expectSound({ dataSource, backstory }: Depot): Promise<void> {
  expect(await dataSource.query('select from backstory.pending_events')).toEqual([]);
  await backstory.backfill();
  expect(await backstory.verify()).toMatchObject({ clean: true });
}
