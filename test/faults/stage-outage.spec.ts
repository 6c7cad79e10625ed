import { type Backstory, createBackstory } from '@backstory/adapter';
import { type EmbeddedServer, startEmbeddedServer } from '@backstory/test/postgres';
import { DataSource } from 'typeorm';
import { behindTheTriggers } from '../integration/stages/behind-the-triggers.js';
import { until } from '../integration/stages/until.js';
import { Author, entities } from '../library/entities.js';

describe('an instance that can not reach the stage table', () => {
  let server: EmbeddedServer;
  let operator: DataSource;
  let instance: DataSource;
  let operators: Backstory;
  let instances: Backstory;
  let warnings: string[];

  const open = (applicationName: string): Promise<DataSource> =>
    new DataSource({
      type: 'postgres',
      url: server.url,
      entities,
      applicationName,
      synchronize: applicationName === 'operator',
      // TypeORM would print each connection that the server breaks off
      poolErrorHandler: () => undefined,
    }).initialize();

  const name = async (): Promise<string> => (await instance.manager.findOneByOrFail(Author, { id: 1 })).name;

  beforeAll(async () => {
    server = await startEmbeddedServer();
  }, 90_000);

  afterAll(() => server.stop());

  beforeEach(async () => {
    operator = await open('operator');
    operators = await createBackstory(operator, { stagePollMs: 1_000 });
    await operator.manager.save(Author, { id: 1, name: 'replayed', home: {} });
    await operators.stages.set('author', 'replay', { force: true });
    instance = await open('instance');
    warnings = [];
    instances = await createBackstory(instance, {
      stagePollMs: 20,
      logger: { log: () => undefined, warn: (message) => void warnings.push(message) },
    });
    await behindTheTriggers(operator, `update author set name = 'row' where id = 1`);
    expect(await name()).toBe('replayed');
  });

  afterEach(async () => {
    await instances.close();
    await instance.destroy();
    await operators.close();
    await operator.query(`drop schema backstory cascade; drop schema public cascade; create schema public`);
    await operator.destroy();
  });

  it('goes on when all its connections are terminated, again and again', async () => {
    for (let round = 0; round < 20; round++) {
      // Established ones: pg's pool has nobody who listens for the end of one that ends while it is made.
      await until('a connection to terminate', async () => {
        const ended: unknown[] = await operator.query(
          `select pg_terminate_backend(pid) from pg_stat_activity
           where application_name = 'instance' and backend_start < clock_timestamp() - interval '50 ms'`,
        );
        return ended.length > 0;
      });
      // A connection that was idle when it was terminated fails whoever takes it first, with Backstory or without.
      await until('the instance reads again', () =>
        name().then(
          (read) => read === 'replayed',
          () => false,
        ),
      );
    }
    await operators.stages.set('author', 'capture');
    await until('the instance has heard of the way back', async () => (await name()) === 'row', 1_000);
  });

  it('goes on with what it knows while the server is away, says it once, and hears of changes when it is back', async () => {
    await operators.stages.set('author', 'replay', { percent: 99, force: true });
    const share = await name();
    await server.restart(async () => {
      await expect(name()).rejects.toThrow();
      await until('a word about it', () => warnings.length > 0);
    });
    await until('the instance reads again', () =>
      name().then(
        () => true,
        () => false,
      ),
    );
    expect(await name()).toBe(share);
    expect(warnings).toEqual([
      expect.stringMatching(/^Could not read the stages, going on with the last known/),
    ]);
    await until('the operator is back', () =>
      operator.query('select 1').then(
        () => true,
        () => false,
      ),
    );
    await operators.stages.set('author', 'capture');
    await until('the instance has heard of the way back', async () => (await name()) === 'row', 1_000);
  });
});
