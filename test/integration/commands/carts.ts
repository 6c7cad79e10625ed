import 'reflect-metadata';
import { aggregate, type Backstory, type BackstoryOptions, createBackstory, ended } from '@backstory/adapter';
import { createTestDatabase } from '@backstory/test/postgres';
import {
  Column,
  DataSource,
  type DataSourceOptions,
  DeleteDateColumn,
  Entity,
  Index,
  JoinColumn,
  JoinTable,
  ManyToMany,
  ManyToOne,
  OneToMany,
  OneToOne,
  PrimaryColumn,
  PrimaryGeneratedColumn,
  type Relation,
  Unique,
  VersionColumn,
} from 'typeorm';

@Entity()
export class Tag {
  @PrimaryColumn({ type: 'text' })
  code: string;

  @Column({ type: 'text', default: '' })
  label: string;
}

@Entity()
export class Cart {
  @PrimaryGeneratedColumn()
  id: number;

  @Column({ type: 'text', default: 'open' })
  status: string;

  @Column({ type: 'int', default: 0 })
  total: number;

  @OneToMany(() => Line, (line) => line.cart)
  lines: Relation<Line>[];

  @OneToOne(() => Slip, (slip) => slip.cart)
  slip: Relation<Slip> | null;

  @ManyToMany(() => Tag)
  @JoinTable({ name: 'cart_tags' })
  tags: Tag[];

  @OneToMany(() => Visit, (visit) => visit.cart)
  visits: Relation<Visit>[];

  @VersionColumn()
  version: number;
}

/** Key from the database, defaults, a generated and a version column; soft-deleted. No foreign key deletes it. */
@Entity()
@Unique('one_sku', ['cart', 'sku'])
export class Line {
  @PrimaryGeneratedColumn()
  id: number;

  @Column({ type: 'text' })
  sku: string;

  @Column({ type: 'int', default: 1 })
  quantity: number;

  @Column({ type: 'int', nullable: true, generatedType: 'STORED', asExpression: 'quantity * 2' })
  doubled: number | null;

  @Index()
  @ManyToOne(() => Cart, (cart) => cart.lines)
  cart: Relation<Cart>;

  @OneToMany(() => Discount, (discount) => discount.line)
  discounts: Relation<Discount>[];

  @VersionColumn()
  version: number;

  @DeleteDateColumn({ type: 'timestamptz' })
  deletedAt: Date | null;
}

/** Beneath a part: its key is the application's, and has that of its line in it. */
@Entity()
export class Discount {
  @PrimaryColumn({ type: 'int' })
  lineId: number;

  @PrimaryColumn({ type: 'text' })
  code: string;

  @Column({ type: 'numeric', precision: 6, scale: 2 })
  amount: string;

  @ManyToOne(() => Line, (line) => line.discounts)
  @JoinColumn({ name: 'lineId' })
  line: Relation<Line>;
}

@Entity()
export class Slip {
  @PrimaryGeneratedColumn('uuid')
  id: string;

  @Column({ type: 'text' })
  text: string;

  @OneToOne(() => Cart, (cart) => cart.slip)
  @JoinColumn()
  cart: Relation<Cart>;
}

/** Not owned. */
@Entity()
export class Visit {
  @PrimaryGeneratedColumn()
  id: number;

  @ManyToOne(() => Cart, (cart) => cart.visits, { onDelete: 'CASCADE' })
  cart: Relation<Cart>;
}

export const cartEntities = [Cart, Line, Discount, Slip, Tag, Visit];

export class LineAdded {
  constructor(
    readonly sku: string,
    readonly quantity?: number,
    readonly discounts: readonly (readonly [code: string, amount: string])[] = [],
  ) {}
}

export class LineCounted {
  constructor(
    readonly sku: string,
    readonly quantity: number,
  ) {}
}

export class LineTaken {
  constructor(readonly sku: string) {}
}

export class CartDropped {
  constructor(readonly reason: string) {}
}

const lineOf = (cart: Cart, sku: string): Line => {
  const found = cart.lines.find((line) => line.sku === sku);
  if (!found) throw new Error(`no ${sku}`);
  return found;
};

const discount = (code: string, amount: string): Discount => Object.assign(new Discount(), { code, amount });

export const evolveCart = {
  CartOpened: (cart: Cart, { status }: { status?: string }) => {
    if (status !== undefined) cart.status = status;
    cart.lines ??= [];
  },
  LineAdded: (cart: Cart, { sku, quantity, discounts }: LineAdded) => {
    const line = Object.assign(new Line(), { sku, ...(quantity !== undefined && { quantity }) });
    line.discounts = discounts.map(([code, amount]) => discount(code, amount));
    (cart.lines ??= []).push(line);
    cart.total = (cart.total ?? 0) + (quantity ?? 1);
  },
  LineCounted: (cart: Cart, { sku, quantity }: LineCounted) => void (lineOf(cart, sku).quantity = quantity),
  LineTaken: (cart: Cart, { sku }: LineTaken) =>
    void (cart.lines = cart.lines.filter((line) => line.sku !== sku)),
  LineHidden: (cart: Cart, { sku }: LineTaken) => void (lineOf(cart, sku).deletedAt = new Date(0)),
  Discounted: (cart: Cart, { sku, code, amount }: { sku: string; code: string; amount: string }) => {
    const { discounts } = lineOf(cart, sku);
    const found = discounts.find((each) => each.code === code);
    if (found) found.amount = amount;
    else discounts.push(discount(code, amount));
  },
  SlipWritten: (cart: Cart, { text }: { text: string | null }) => {
    if (text === null) cart.slip = null;
    else if (cart.slip) cart.slip.text = text;
    else cart.slip = Object.assign(new Slip(), { text });
  },
  Tagged: (cart: Cart, { codes }: { codes: readonly string[] }) => {
    cart.tags = codes.map((code) => Object.assign(new Tag(), { code }));
  },
  Repriced: (cart: Cart, { total }: { total: number }) => void (cart.total = total),
  Reopened: (cart: Cart, { id }: { id: number }) => void (cart.id = id),
  ReminderSent: (cart: Cart) => cart,
  CartDropped: () => ended,
  Wrong: (cart: Cart, { how }: { how: (cart: Cart) => unknown }) => how(cart),
};

export const cartOptions = (evolve: object): BackstoryOptions => ({
  aggregates: [
    'all',
    aggregate(Cart, {
      owns: ['lines', 'lines.discounts', 'slip', 'tags'],
      evolve: { ...evolveCart, ...evolve },
    }),
  ],
});

export interface Carts {
  readonly dataSource: DataSource;
  readonly backstory: Backstory;
  readonly url: string;
  close(): Promise<void>;
}

/** Three carts, each with two lines, of which the first has a discount; nothing is backfilled. `prepare` is run before capture begins. */
export async function openCarts({
  prepare = '',
  more = {},
  evolve = {},
}: { prepare?: string; more?: Partial<DataSourceOptions>; evolve?: object } = {}): Promise<Carts> {
  const database = await createTestDatabase();
  const dataSource = await new DataSource({
    type: 'postgres',
    url: database.url,
    entities: cartEntities,
    synchronize: true,
    ...more,
  } as DataSourceOptions).initialize();
  await dataSource.query(`
    insert into tag (code) values ('a'), ('b'), ('c');
    insert into cart (total, version) select 3, 1 from generate_series(1, 3);
    insert into line (sku, quantity, "cartId", version) select s.sku, s.quantity, c.id, 1 from cart c, (values ('pen', 1), ('ink', 2)) s (sku, quantity) order by c.id, s.quantity;
    insert into discount ("lineId", code, amount) select id, 'new', 1.5 from line where sku = 'pen';
    insert into cart_tags ("cartId", "tagCode") select id, 'a' from cart;
    ${prepare}`);
  const backstory = await createBackstory(dataSource, cartOptions(evolve));
  const close = async (): Promise<void> => {
    await backstory.close();
    await dataSource.destroy();
    await database.drop();
  };
  return { dataSource, backstory, url: database.url, close };
}

/** `2 updated LineAdded {"lines":…}`, for each event of a cart behind the first `after`. */
export async function cartLines(backstory: Backstory, id: string | number, after = 1): Promise<string[]> {
  const events = await backstory.history('cart', String(id), { after });
  return events.map(
    ({ streamPosition, type, change, data }) =>
      `${streamPosition} ${change} ${type} ${JSON.stringify(sorted(data))}`,
  );
}

function sorted(value: unknown): unknown {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value;
  return Object.fromEntries(
    Object.entries(value)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([key, each]) => [key, sorted(each)]),
  );
}

export async function expectSoundCarts({ dataSource, backstory }: Carts): Promise<void> {
  expect(await dataSource.query('select from backstory.pending_events')).toEqual([]);
  await backstory.backfill();
  expect(await backstory.verify()).toMatchObject({ clean: true });
  const holes = await dataSource.query(
    `select stream_id from backstory.events where category = 'cart' group by stream_id having max(stream_position) <> count(*) or min(stream_position) <> 1`,
  );
  expect(holes).toEqual([]);
}
