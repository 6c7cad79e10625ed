import { createInbox, type InboxOutcome, type LostEnd } from '@backstory/adapter/inbox';
import { createTestDatabase } from '@backstory/test/postgres';
import { Pool } from 'pg';
import { NatsStream } from '../../brokers/nats-stream.js';

/** What a receiver has handled. */
export interface Handled {
  readonly stream: string;
  readonly position: number;
  readonly globalPosition: string;
  readonly epoch: string;
  readonly data: unknown;
  /** Positions of its stream that it has replaced. */
  readonly replaces: readonly [from: number, through: number] | null;
}

/** Another service: a stream of NATS that drops repeated messages, and an ordered inbox in a database of its own. */
export class Receiver {
  readonly outcomes: Record<InboxOutcome, number> = { handled: 0, duplicate: 0, waiting: 0, superseded: 0 };

  private constructor(
    readonly stream: NatsStream,
    private readonly pool: Pool,
    private readonly drop: () => Promise<void>,
  ) {}

  static async open(natsUrl: string): Promise<Receiver> {
    const database = await createTestDatabase();
    const pool = new Pool({ connectionString: database.url, max: 2 });
    await pool.query(`create table handled (place bigserial, stream text, position int, "globalPosition" text, epoch text,
      data jsonb, replaces jsonb)`);
    await createInbox(pool).install();
    return new Receiver(await new NatsStream(natsUrl).make(), pool, () => database.drop());
  }

  /** Handles everything that the stream has ever got, from its first message on: what was handled before comes again. */
  async receive(): Promise<void> {
    for (const event of await this.stream.received()) {
      const client = await this.pool.connect();
      try {
        await client.query('begin');
        const outcome = await createInbox(client).once(event, async (handled, { replaces }) => {
          await client.query(
            `insert into handled (stream, position, "globalPosition", epoch, data, replaces) values ($1, $2, $3, $4, $5, $6)`,
            [
              handled.subject,
              Number(handled.streamposition),
              handled.globalposition,
              handled.epoch ?? '0',
              JSON.stringify(handled.data),
              replaces ? JSON.stringify([Number(replaces.from), Number(replaces.through)]) : null,
            ],
          );
        });
        await client.query('commit');
        this.outcomes[outcome]++;
      } finally {
        client.release();
      }
    }
  }

  lost(): Promise<LostEnd[]> {
    return createInbox(this.pool).lost();
  }

  async handled(): Promise<Handled[]> {
    const { rows } = await this.pool.query<Handled>(
      'select stream, position, "globalPosition", epoch, data, replaces from handled order by place',
    );
    return rows;
  }

  /** What is left of it, when what was replaced is taken away, and what the inbox says is lost; fails where something is out of order. */
  async standing(): Promise<Omit<Handled, 'epoch' | 'replaces'>[]> {
    const streams = new Map<string, Omit<Handled, 'epoch' | 'replaces'>[]>();
    for (const { epoch: _, replaces, ...event } of await this.handled()) {
      const events = streams.get(event.stream) ?? [];
      streams.set(event.stream, events);
      if (replaces) {
        expect(replaces).toEqual([event.position, events.at(-1)?.position]);
        events.splice(events.findIndex(({ position }) => position === event.position));
      }
      expect(event.position).toBe((events.at(-1)?.position ?? event.position - 1) + 1);
      events.push(event);
    }
    for (const { stream, through, epochPosition } of await this.lost()) {
      const events = streams.get(stream) ?? [];
      expect(events.at(-1)?.position).toBe(Number(through));
      events.splice(
        events.findIndex(({ globalPosition }) => BigInt(globalPosition) >= BigInt(epochPosition)),
      );
    }
    return [...streams.values()].flat();
  }

  async close(): Promise<void> {
    await this.pool.end();
    await this.drop();
  }
}
