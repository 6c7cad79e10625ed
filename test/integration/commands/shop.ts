import 'reflect-metadata';
import {
  Applies,
  aggregate,
  type Backstory,
  type BackstoryOptions,
  createBackstory,
  ended,
} from '@backstory/adapter';
import { createTestDatabase } from '@backstory/test/postgres';
import {
  Column,
  DataSource,
  type DataSourceOptions,
  Entity,
  ManyToOne,
  PrimaryColumn,
  PrimaryGeneratedColumn,
  type Relation,
  UpdateDateColumn,
  VersionColumn,
} from 'typeorm';

export class OrderPaid {
  readonly method: string;

  constructor(data?: { method: string }) {
    Object.assign(this, data);
  }
}

export class OrderShipped {
  readonly trackingNumber: string;
  readonly shippedAt: Date;

  constructor(data?: { trackingNumber: string; shippedAt: Date }) {
    Object.assign(this, data);
  }
}

export class Repriced {
  constructor(readonly total: number) {}
}

export class Called {
  constructor(readonly by: string) {}
}

export class Dropped {
  readonly reason: string;

  constructor(reason: string) {
    Object.assign(this, { reason });
  }
}

@Entity()
export class Customer {
  @PrimaryGeneratedColumn()
  id: number;

  @Column({ type: 'text', unique: true })
  name: string;

  @Column({ type: 'int', default: 0 })
  orders: number;

  @Applies(Called)
  called(event: Called): void {
    this.orders++;
    this.name = `${this.name}, called by ${event.by}`;
  }

  @Applies('Dropped')
  dropped(): typeof ended {
    return ended;
  }
}

export class Address {
  @Column({ type: 'text', nullable: true })
  city: string | null;
}

const cents = {
  to: (value: number | null) => (value === null || value === undefined ? value : (value / 100).toFixed(2)),
  from: (value: string | null) => (value === null ? null : Math.round(Number(value) * 100)),
};

@Entity({ name: 'orders' })
export class Order {
  @PrimaryColumn({ type: 'int' })
  id: number;

  @Column({ type: 'text', default: 'new' })
  status: string;

  @Column({ type: 'numeric', precision: 10, scale: 2, default: 0, transformer: cents })
  total: number;

  @Column({ type: 'timestamptz', nullable: true })
  shippedAt: Date | null;

  @Column({ type: 'jsonb', default: {} })
  notes: Record<string, unknown>;

  @Column(() => Address)
  address: Address;

  @ManyToOne(() => Customer, { nullable: true, onDelete: 'SET NULL' })
  customer: Relation<Customer> | null;

  @Column({ type: 'text', nullable: true, generatedType: 'STORED', asExpression: `upper(status)` })
  shout: string | null;

  @UpdateDateColumn({ type: 'timestamptz' })
  updatedAt: Date;

  @VersionColumn()
  version: number;
}

/** What events do to an order. */
export const evolveOrder = {
  OrderPaid: (order: Order) => {
    order.status = 'paid';
  },
  OrderShipped: (order: Order, { shippedAt }: OrderShipped) => {
    order.status = 'shipped';
    order.shippedAt = shippedAt;
  },
  Repriced: (order: Order, { total }: Repriced) => {
    order.total = total;
  },
  Noted: (order: Order, { text }: { text: string }) => {
    order.notes['text'] = text;
  },
  Moved: (order: Order, { city }: { city: string }) => {
    order.address.city = city;
  },
  Assigned: (order: Order, { customer }: { customer: number | null }) => {
    order.customer = customer === null ? null : ({ id: customer } as Customer);
  },
  Counted: (order: Order) => {
    order.total += 1;
  },
  ReminderSent: (order: Order) => order,
  Placed: (order: Order, data: { id: number; total?: number }) => void Object.assign(order, data),
  Dropped: () => ended,
};

export interface Shop {
  readonly dataSource: DataSource;
  readonly backstory: Backstory;
  readonly url: string;
  close(): Promise<void>;
}

export const shopOptions: BackstoryOptions = {
  aggregates: ['all', aggregate(Order, { evolve: evolveOrder, category: 'order' })],
};

/** Two customers, three orders; nothing is backfilled. `prepare` is run before capture begins. */
export async function openShop({
  options = {},
  more = {},
  prepare = '',
}: {
  options?: BackstoryOptions;
  more?: Partial<DataSourceOptions>;
  prepare?: string;
} = {}): Promise<Shop> {
  const database = await createTestDatabase();
  const dataSource = await new DataSource({
    type: 'postgres',
    url: database.url,
    entities: [Customer, Order],
    synchronize: true,
    ...more,
  } as DataSourceOptions).initialize();
  await dataSource.query(`
    insert into customer (name) values ('anna'), ('bert');
    insert into orders (id, total, "customerId", version) select n, n * 10, 1, 1 from generate_series(1, 3) n;
    ${prepare}`);
  const backstory = await createBackstory(dataSource, { ...shopOptions, ...options });
  const close = async (): Promise<void> => {
    await backstory.close();
    await dataSource.destroy();
    await database.drop();
  };
  return { dataSource, backstory, url: database.url, close };
}

/** `2 u OrderShipped {"status":"shipped"}`, for each event of a stream behind the first `after`; without version and update date. */
export async function linesOf(
  backstory: Backstory,
  category: string,
  id: string,
  after = 1,
): Promise<string[]> {
  const events = await backstory.history(category, id, { after });
  return events.map(({ streamPosition, type, change, data }) => {
    const { version, updatedAt, shout, ...others } = data;
    void [version, updatedAt, shout];
    return `${streamPosition} ${change} ${type} ${JSON.stringify(others)}`;
  });
}

/** Rows and streams agree, once rows without a stream have got theirs. */
export async function expectSound({ dataSource, backstory }: Shop): Promise<void> {
  expect(await dataSource.query('select from backstory.pending_events')).toEqual([]);
  await backstory.backfill();
  expect(await backstory.verify()).toMatchObject({ clean: true });
}
