import { once } from 'node:events';
import { brokerUnavailable, loadClient } from '../publishing/index.js';

/** The part of amqplib's connection that is used. */
export interface RabbitMqConnection {
  createConfirmChannel(): Promise<RabbitMqChannel>;
  close(): Promise<void>;
  on(event: string, listener: (...values: never[]) => void): unknown;
}

/** The part of amqplib's confirm channel that is used. */
export interface RabbitMqChannel {
  assertExchange(name: string, type: string, options: object): Promise<unknown>;
  checkExchange(name: string): Promise<unknown>;
  publish(
    exchange: string,
    routingKey: string,
    content: Buffer,
    options: object,
    confirmed: (error: unknown) => void,
  ): boolean;
  close(): Promise<void>;
  on(event: string, listener: (...values: never[]) => void): unknown;
}

export interface OpenChannel {
  readonly channel: RabbitMqChannel;
  /** Ids of messages that came back because no queue takes them. */
  readonly returned: Set<string>;
  /** Why the server closed it. */
  closedBy?: Error;
}

interface LinkOptions {
  readonly url?: string;
  readonly connection?: RabbitMqConnection;
  readonly timeoutMs: number;
  readonly prepare: (channel: RabbitMqChannel) => Promise<unknown>;
}

const goodbyeMs = 1000;

/** One connection and one channel, made when they are needed, and anew when they were lost. */
export class RabbitMqLink {
  private opening: Promise<OpenChannel> | undefined;
  private connection: RabbitMqConnection | undefined;
  /** Why the server takes nothing at the moment: it is short of memory or disk. */
  blocked: string | undefined;

  constructor(private readonly options: LinkOptions) {}

  open(): Promise<OpenChannel> {
    this.opening ??= this.make().catch((error: unknown) => {
      this.drop();
      throw brokerUnavailable('RabbitMQ can not be reached', error);
    });
    return this.opening;
  }

  /** Forgets a connection that doesn't answer. One that was given stays open. */
  drop(): void {
    this.opening = undefined;
    this.blocked = undefined;
    const { connection } = this;
    this.connection = undefined;
    // A server that hangs doesn't answer to a close, either. Without an error amqplib would keep the timers of its heartbeat for some minutes.
    (
      connection as { connection?: { stream?: { destroy(error: Error): void } } } | undefined
    )?.connection?.stream?.destroy(new Error('The server does not answer'));
  }

  /** Says goodbye, also where it is only just being opened. A server that hangs doesn't answer: its connection is dropped. */
  async close(): Promise<void> {
    const { opening } = this;
    const goodbye = async (): Promise<void> => {
      const open = await opening;
      await (this.connection ?? open?.channel)?.close();
    };
    const given = AbortSignal.timeout(goodbyeMs);
    await Promise.race([goodbye().catch(() => undefined), once(given, 'abort')]);
    this.drop();
  }

  private async make(): Promise<OpenChannel> {
    const connection = this.options.connection ?? (await this.connect());
    const channel = await connection.createConfirmChannel();
    const open: OpenChannel = { channel, returned: new Set() };
    const own = this.opening;
    channel.on('error', (error: Error) => void (open.closedBy = error));
    channel.on('close', () => {
      if (this.opening === own) this.opening = undefined;
    });
    channel.on('return', ({ properties }: { properties: { messageId: string } }) =>
      open.returned.add(properties.messageId),
    );
    await this.options.prepare(channel);
    return open;
  }

  private async connect(): Promise<RabbitMqConnection> {
    if (this.connection) return this.connection;
    const { connect } = await loadClient('amqplib', () => import('amqplib'));
    const connection = await connect(this.options.url as string, {
      timeout: this.options.timeoutMs,
      noDelay: true,
    });
    this.connection = connection;
    const gone = (): void => {
      if (this.connection === connection) this.connection = undefined;
    };
    connection.on('error', gone); // without a listener it would end the process
    connection.on('close', gone);
    connection.on('blocked', (reason) => void (this.blocked = reason));
    connection.on('unblocked', () => void (this.blocked = undefined));
    return connection;
  }
}
