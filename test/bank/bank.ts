import { type AggregateOptions, type Backstory, createBackstory } from '@backstory/adapter';
import { createTestDatabase } from '@backstory/test/postgres';
import { Check, Column, DataSource, Entity, PrimaryColumn } from 'typeorm';

/** Of the tests of event-sourcing libraries there is hardly one without it. */
@Entity()
@Check('balance >= 0')
export class BankAccount {
  @PrimaryColumn({ type: 'text' })
  id: string;

  @Column({ type: 'numeric', precision: 10, scale: 2, default: '0.00' })
  balance: string;

  @Column({ type: 'jsonb', default: {} })
  notes: object;
}

@Entity()
export class Cashier {
  @PrimaryColumn({ type: 'int' })
  id: number;

  @Column({ type: 'text' })
  name: string;
}

/** What the application may do with an account, each one event. */
export interface Bank {
  readonly url: string;
  readonly dataSource: DataSource;
  readonly backstory: Backstory;
  open(...ids: string[]): Promise<void>;
  deposit(id: string, ...amounts: number[]): Promise<void>;
  /** The balances after the events up to a version, as `load` gives them. */
  balanceAt(id: string, version?: number): Promise<string | undefined>;
  /** Lets Backstory begin anew on the same database, as a new version of the application does. */
  reopen(aggregates: AggregateOptions[]): Promise<Backstory>;
  close(): Promise<void>;
}

export async function openBank(aggregates: AggregateOptions[]): Promise<Bank> {
  const database = await createTestDatabase();
  const dataSource = await new DataSource({
    type: 'postgres',
    url: database.url,
    entities: [BankAccount, Cashier],
    synchronize: true,
    poolSize: 20,
  }).initialize();
  let backstory = await createBackstory(dataSource, { aggregates });
  return {
    url: database.url,
    dataSource,
    get backstory() {
      return backstory;
    },
    open: async (...ids) =>
      void (await dataSource.manager.insert(
        BankAccount,
        ids.map((id) => ({ id })),
      )),
    deposit: async (id, ...amounts) => {
      for (const amount of amounts) {
        await dataSource.query('update bank_account set balance = balance + $2 where id = $1', [id, amount]);
      }
    },
    balanceAt: async (id, version) => {
      const account = await backstory.load(BankAccount, id, version === undefined ? {} : { version });
      return account?.balance;
    },
    reopen: async (options) => {
      await backstory.close();
      return (backstory = await createBackstory(dataSource, { aggregates: options }));
    },
    close: async () => {
      await backstory.close();
      await dataSource.destroy();
      await database.drop();
    },
  };
}
