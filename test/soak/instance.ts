import { setTimeout as sleep } from 'node:timers/promises';
import { type Backstory, createBackstory } from '@backstory/adapter';
import { DataSource } from 'typeorm';
import { aggregates, entitySchemas } from './entity-schemas.js';
import type { Release } from './release.js';
import { Requests } from './requests.js';
import type { Soak } from './soak.js';

const writersOfAnInstance = 2;

/** Of a release, as its data source file has it. */
export function dataSourceOf(
  url: string,
  release: Release,
  migrations: (new () => object)[] = [],
): DataSource {
  return new DataSource({
    type: 'postgres',
    url,
    entities: entitySchemas(release),
    migrations,
    poolSize: 5,
    // Of connections that are ended with the database at the end.
    poolErrorHandler: () => undefined,
  });
}

/** A process of the application: it has a release's entities, and serves requests from its start to its end. */
export class Instance {
  private on = true;
  private writing: Promise<unknown> = Promise.resolve();
  private stopped?: Promise<void>;

  private constructor(
    readonly release: Release,
    readonly dataSource: DataSource,
    /** None where the application is without. */
    readonly backstory: Backstory | undefined,
    private readonly soak: Soak,
  ) {}

  /** @throws what a start of the application throws */
  static async start(soak: Soak, release: Release, install: 'auto' | 'check' = 'auto'): Promise<Instance> {
    const dataSource = await dataSourceOf(soak.url, release).initialize();
    if (soak.stage === 'none') return new Instance(release, dataSource, undefined, soak);
    try {
      const backstory = await createBackstory(dataSource, {
        aggregates: aggregates(release),
        install,
        stagePollMs: 50,
      });
      return new Instance(release, dataSource, backstory, soak);
    } catch (error) {
      await dataSource.destroy();
      throw error;
    }
  }

  serve(): this {
    this.writing = Promise.all(
      Array.from({ length: writersOfAnInstance }, async () => {
        const random = this.soak.nextRandom();
        const requests = new Requests(this.soak, this.dataSource, this.release, random);
        while (this.on) {
          await requests.next();
          await sleep(random.integer(0, 6));
        }
        requests.end();
      }),
    );
    return this;
  }

  /** After the requests that it is in. */
  stop(): Promise<void> {
    return (this.stopped ??= this.end());
  }

  private async end(): Promise<void> {
    this.on = false;
    await this.writing;
    await this.backstory?.close();
    await this.dataSource.destroy();
  }
}
