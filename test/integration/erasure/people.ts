import {
  type AggregateOptions,
  type Backstory,
  type BackstoryOptions,
  createBackstory,
} from '@backstory/adapter';
import { createTestDatabase } from '@backstory/test/postgres';
import {
  Column,
  DataSource,
  DeleteDateColumn,
  Entity,
  ManyToOne,
  OneToMany,
  PrimaryColumn,
  type Relation,
} from 'typeorm';

@Entity()
export class Customer {
  @PrimaryColumn({ type: 'int' })
  id: number;

  @Column({ type: 'text', nullable: true })
  name: string | null;

  @Column({ type: 'text', nullable: true })
  email: string | null;

  @Column({ type: 'jsonb', default: {} })
  settings: object;

  @Column({ type: 'numeric', nullable: true })
  credit: string | null;

  @DeleteDateColumn({ type: 'timestamptz' })
  deletedAt: Date | null;
}

@Entity()
export class Purchase {
  @PrimaryColumn({ type: 'int' })
  id: number;

  @ManyToOne(() => Customer, { nullable: true, onDelete: 'SET NULL' })
  customer: Relation<Customer> | null;

  @Column({ type: 'text', nullable: true })
  shipTo: string | null;

  @Column({ type: 'int', default: 0 })
  total: number;

  @OneToMany(() => PurchaseLine, (line) => line.purchase, { cascade: true })
  lines: Relation<PurchaseLine>[];
}

@Entity()
export class PurchaseLine {
  @PrimaryColumn({ type: 'text' })
  id: string;

  @ManyToOne(() => Purchase, (purchase) => purchase.lines, { onDelete: 'CASCADE' })
  purchase: Relation<Purchase>;

  @Column({ type: 'text', nullable: true })
  engraving: string | null;

  @Column({ type: 'int', nullable: true })
  giftFor: number | null;

  @Column({ type: 'int', default: 1 })
  quantity: number;
}

export const aggregates: AggregateOptions[] = [
  { entity: Customer, personal: ['name', 'email', 'settings'] },
  { entity: Purchase, owns: ['lines'], subject: 'customer.id', personal: ['shipTo'] },
  { entity: PurchaseLine, subject: { customer: 'giftFor' }, personal: ['engraving'] },
];

/** A shop whose customers may want to be forgotten. */
export interface People {
  readonly dataSource: DataSource;
  readonly backstory: Backstory;
  readonly url: string;
  query<Row = Record<string, unknown>>(text: string, values?: unknown[]): Promise<Row[]>;
  close(): Promise<void>;
}

export async function openPeople(options: BackstoryOptions = {}): Promise<People> {
  const database = await createTestDatabase();
  const dataSource = new DataSource({
    type: 'postgres',
    url: database.url,
    entities: [Customer, Purchase, PurchaseLine],
    synchronize: true,
  });
  await dataSource.initialize();
  const backstory = await createBackstory(dataSource, { aggregates, ...options });
  return {
    dataSource,
    backstory,
    url: database.url,
    query: (text, values) => dataSource.query(text, values),
    close: async () => {
      await backstory.close();
      await dataSource.destroy();
      await database.drop();
    },
  };
}
