import { setTimeout as sleep } from 'node:timers/promises';
import { LogicalReplicationService, type Pgoutput, PgoutputPlugin } from 'pg-logical-replication';
import type { DataSource } from 'typeorm';

/** An event as a change-data tool gets it. */
export interface PublishedEvent {
  readonly global_position: string;
  readonly category: string;
  readonly stream_id: string;
  readonly stream_position: string;
  readonly type: string;
  readonly data: unknown;
  readonly metadata: Record<string, unknown>;
}

/** Reads a publication as change-data tools do: by pgoutput, from a slot of the same name that knows what was read. */
export class PublicationReader {
  readonly events: PublishedEvent[] = [];
  readonly columns = new Set<string>();
  private stopped = false;
  private running = Promise.resolve();

  constructor(
    private readonly dataSource: DataSource,
    private readonly url: string,
    private readonly name: string,
  ) {}

  start(): this {
    this.running = this.run();
    return this;
  }

  /** Ends its connection in the middle of what it reads. It goes on with another; what it hasn't acknowledged comes again. */
  async cut(): Promise<void> {
    await this.dataSource.query(
      'select pg_terminate_backend(active_pid) from pg_replication_slots where slot_name = $1 and active',
      [this.name],
    );
  }

  async stop(): Promise<void> {
    this.stopped = true;
    const ended = this.running.then(() => true);
    // one that is about to connect can't be cut off yet
    do await this.cut();
    while (!(await Promise.race([ended, sleep(20).then(() => false)])));
  }

  private async run(): Promise<void> {
    while (!this.stopped) {
      const service = new LogicalReplicationService(
        { connectionString: this.url },
        { acknowledge: { auto: true, timeoutSeconds: 1 } },
      );
      const ended = new Promise<void>((resolve) => service.on('error', () => resolve()));
      service.on('data', (_lsn: string, message: Pgoutput.Message) => {
        if (message.tag !== 'insert') return;
        for (const { name } of message.relation.columns) this.columns.add(name);
        this.events.push(message.new as PublishedEvent);
      });
      const plugin = new PgoutputPlugin({ protoVersion: 1, publicationNames: [this.name] });
      // refused where the server still holds the slot for the connection of before
      await Promise.race([service.subscribe(plugin, this.name).catch(() => undefined), ended]);
      await service.stop();
      await sleep(20);
    }
  }
}
