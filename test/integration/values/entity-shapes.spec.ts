import 'reflect-metadata';
import {
  Column,
  DefaultNamingStrategy,
  Entity,
  ManyToOne,
  PrimaryColumn,
  PrimaryGeneratedColumn,
  type Relation,
} from 'typeorm';
import { expectExactReplay, type History, openHistory } from '../../values/history.js';

class Cents {
  constructor(readonly amount: number) {}
}

/** From the last to the first when it is read. */
const chain = [
  {
    to: (value: Cents | null) => value && value.amount,
    from: (value: number | null) => (value === null ? null : new Cents(value)),
  },
  {
    to: (value: number | null) => value && (value / 100).toFixed(2),
    from: (value: string | null) => (value === null ? null : Math.round(Number(value) * 100)),
  },
];

class Country {
  @Column({ type: 'char', length: 3, nullable: true })
  code: string | null;

  @Column({ type: 'timestamp', nullable: true })
  visitedAt: Date | null;
}

class Place {
  @Column({ type: 'text', nullable: true })
  streetName: string | null;

  @Column(() => Country, { prefix: 'land' })
  country: Country;
}

@Entity()
export class Order {
  @PrimaryGeneratedColumn({ type: 'bigint' })
  orderNumber: string;

  @Column({ type: 'numeric', nullable: true, transformer: chain })
  totalPrice: Cents | null;

  @Column({
    type: 'text',
    nullable: true,
    transformer: { to: (v: unknown) => v, from: (v: unknown) => v ?? 'nothing' },
  })
  remark: string | null;

  @Column(() => Place)
  shippingPlace: Place;

  @Column(() => Place, { prefix: false })
  billingPlace: Place;

  @ManyToOne(() => Order, { nullable: true })
  parentOrder: Relation<Order> | null;
}

class SnakeNaming extends DefaultNamingStrategy {
  override tableName(target: string, given?: string): string {
    return given ?? snake(target);
  }

  override columnName(property: string, given: string | undefined, prefixes: string[]): string {
    return snake([...prefixes, given ?? property].join('_'));
  }

  override joinColumnName(relation: string, referenced: string): string {
    return snake(`${relation}_${referenced}`);
  }
}

function snake(name: string): string {
  return name.replace(/([a-z])([A-Z])/g, '$1_$2').toLowerCase();
}

@Entity({ schema: 'Other schema' })
class Elsewhere {
  @PrimaryColumn({ type: 'uuid' })
  id: string;

  @Column({ type: 'text', nullable: true })
  note: string | null;
}

describe('shapes of entities', () => {
  let history: History | undefined;

  afterEach(async () => {
    await history?.close();
    history = undefined;
  });

  const place = (streetName: string | null, code: string | null, visitedAt: Date | null): Place => ({
    streetName,
    country: { code, visitedAt },
  });

  it('transformers in a chain, embedded in embedded, and a naming strategy', async () => {
    history = await openHistory({ entities: [Order], namingStrategy: new SnakeNaming() });
    const { manager } = history.dataSource;
    const first = await manager.save(
      manager.create(Order, {
        totalPrice: new Cents(1999),
        remark: null,
        shippingPlace: place('A', 'D', new Date(1_700_000_000_123)),
        billingPlace: place(null, null, null),
      }),
    );
    await manager.save(
      manager.create(Order, {
        totalPrice: null,
        remark: 'x',
        shippingPlace: place(null, null, null),
        billingPlace: place('B', 'FRA', null),
        parentOrder: first,
      }),
    );
    first.shippingPlace.country.code = 'CH';
    await manager.save(first);
    const events = await history.backstory.history('order', '1');
    expect(events.at(-1)?.data).toEqual({ 'shippingPlace.country.code': 'CH ' });
    const orders = await expectExactReplay(
      history,
      Order,
      'update "order" set total_price = 0, remark = null, shipping_place_land_code = null, street_name = null',
    );
    expect(orders.find(({ orderNumber }) => orderNumber === '1')?.totalPrice).toEqual(new Cents(1999));
  });

  it.each([
    ['of an entity', {}],
    ['of the DataSource', { schema: 'Default schema' }],
    ['of the connection', { extra: { options: '-c search_path=other_path' } }],
  ])('a schema %s', async (_, options) => {
    history = await openHistory({
      entities: [Elsewhere, Order],
      sql: 'create schema "Other schema"; create schema "Default schema"; create schema other_path',
      ...options,
    });
    const { manager } = history.dataSource;
    await manager.save(manager.create(Elsewhere, { id: 'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11', note: 'n' }));
    await manager.save(
      manager.create(Order, { shippingPlace: place('s', null, null), billingPlace: place(null, null, null) }),
    );
    await expectExactReplay(history, Elsewhere, `update "Other schema".elsewhere set note = null`);
    await expectExactReplay(
      history,
      Order,
      `update ${history.dataSource
        .getMetadata(Order)
        .tablePath.replace(/^(.*)\.(.*)$|^(order)$/, (_all, schema?: string, table?: string) =>
          schema ? `"${schema}"."${table}"` : '"order"',
        )} set "shippingPlaceStreetname" = null`,
    );
  });
});
