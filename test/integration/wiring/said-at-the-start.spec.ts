import { createBackstory } from '@backstory/adapter';
import { createTestDatabase, type TestDatabase } from '@backstory/test/postgres';
import { Column, DataSource, Entity, PrimaryGeneratedColumn } from 'typeorm';

@Entity()
class Coffee {
  @PrimaryGeneratedColumn({ type: 'int' })
  id: number;

  @Column({ type: 'text' })
  pin: string;
}

@Entity()
class Tea {
  @PrimaryGeneratedColumn({ type: 'int' })
  id: number;

  @Column({ type: 'text' })
  password: string;
}

@Entity()
class Juice {
  @PrimaryGeneratedColumn({ type: 'int' })
  id: number;
}

describe('what a start says', () => {
  let database: TestDatabase;
  let dataSource: DataSource;

  beforeAll(async () => {
    database = await createTestDatabase();
    dataSource = await new DataSource({
      type: 'postgres',
      url: database.url,
      entities: [Coffee, Tea, Juice],
      synchronize: true,
    }).initialize();
  });

  afterAll(async () => {
    await dataSource.destroy();
    await database.drop();
  });

  it('has each warning once, for all aggregates', async () => {
    const lines: string[] = [];
    const logger = {
      log: (message: string) => void lines.push(`log ${message}`),
      warn: (message: string) => void lines.push(`warn ${message}`),
    };
    const start = async (exclude: string[]): Promise<string[]> => {
      const backstory = await createBackstory(dataSource, { logger, exclude });
      await backstory.close();
      return lines.splice(0);
    };
    expect(await start([])).toEqual([
      'warn Left out of events, because they look like secrets: Coffee.pin, Tea.password. Say "exclude" of them to confirm it, or "include" to have them in.',
      'log Captures 3 aggregates in schema "backstory": coffee, juice, tea in capture',
    ]);
    expect(await start(['Tea', 'Coffee'])).toEqual([
      'warn "Coffee", "Tea" are excluded, but they are captured since an earlier release. Run "npx backstory stage coffee tea off" to end that.',
      'log Captures 1 aggregate in schema "backstory": juice in capture',
    ]);
    expect(await start(['Tea', 'Coffee'])).toHaveLength(2);
  });
});
