import type { DataSource, QueryRunner } from 'typeorm';
import type { StageWatch } from '../stages/index.js';
import { type PgClient, executorOf } from '../connections/index.js';

/** A connection to a replica of the DataSource, and what the stages were when a query was planned for it. */
export interface StandbyRead {
  readonly client: PgClient;
  readonly key: string;
}

/**
 * Which connections to replicas have the stages by which this instance reads. The stages are those of the server that takes the writes;
 * a replica that is behind may be at a time when a table was not captured yet, or not for a while, so that its rows and events don't
 * agree: nothing of it is replayed until it has the same stages. A connection that has had them can't lose them, so it is asked once for
 * each change; and for each read while the server that takes the writes can't be reached, since a replica may have taken its place.
 */
export class StandbyReads {
  private readonly seen = new WeakMap<PgClient, string>();
  private behind: string | undefined;

  constructor(
    private readonly stages: StageWatch,
    /** Told once for each change of the stages that a replica doesn't have yet. */
    private readonly onBehind: () => void,
  ) {}

  /** Of a query that goes to a replica, before it is planned. */
  read(client: PgClient): StandbyRead {
    return { client, key: this.stages.key };
  }

  /** Whether it is known without being asked. */
  isKnown({ client, key }: StandbyRead): boolean {
    return this.stages.isUpToDate && this.seen.get(client) === key;
  }

  /** Asks it, in whatever transaction it has open. */
  async hasStages(read: StandbyRead): Promise<boolean> {
    if (this.isKnown(read)) return true;
    const { client, key } = read;
    const has = (await this.stages.keyOf(executorOf(client))) === key;
    if (has) this.seen.set(client, key);
    else if (this.behind !== key) {
      this.behind = key;
      this.onBehind();
    }
    return has;
  }
}

/** The connection of a query that goes to a replica (`replication.slaves`); undefined for any other, and where it can't be had. */
export async function standbyClient(
  dataSource: DataSource,
  queryRunner: QueryRunner,
): Promise<PgClient | undefined> {
  if (queryRunner.getReplicationMode() !== 'slave' || !dataSource.driver.isReplicated) return undefined;
  // the query says itself why there is none
  return (queryRunner.connect() as Promise<PgClient>).catch(() => undefined);
}
