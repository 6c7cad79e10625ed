import { OwnSockets } from './own-sockets.js';
import { brokerUnavailable, loadClient } from '../publishing/index.js';

/** The part of a JetStream client (`jetstream(connection)`) that is used. */
export interface JetStreamPublisher {
  publish(subject: string, payload: Uint8Array, options: never): Promise<unknown>;
}

interface OwnConnection {
  close(): Promise<void>;
  closed(): Promise<unknown>;
}

/** A connection to NATS that is made when it is needed. The client reconnects by itself; one that was closed is made anew. */
export class NatsLink {
  private opening: Promise<JetStreamPublisher> | undefined;
  private connection: OwnConnection | undefined;
  private sockets: OwnSockets | undefined;

  constructor(
    private readonly url: string,
    private readonly timeoutMs: number,
  ) {}

  open(): Promise<JetStreamPublisher> {
    this.opening ??= this.connect().catch((error: unknown) => {
      this.opening = undefined;
      this.sockets?.close();
      throw brokerUnavailable('NATS can not be reached', error);
    });
    return this.opening;
  }

  async close(): Promise<void> {
    const opening = this.opening;
    this.opening = undefined;
    await opening?.catch(() => undefined);
    await this.connection?.close().catch(() => undefined);
    this.connection = undefined;
    this.sockets?.close();
  }

  private async connect(): Promise<JetStreamPublisher> {
    const { connect } = await loadClient('@nats-io/transport-node', () => import('@nats-io/transport-node'));
    const { jetstream } = await loadClient('@nats-io/jetstream', () => import('@nats-io/jetstream'));
    // of a connection that has ended by itself
    this.sockets?.close();
    const sockets = (this.sockets = new OwnSockets());
    const connection = await sockets.during(() =>
      connect({
        ...connectionOptions(this.url),
        name: 'backstory',
        timeout: this.timeoutMs,
        maxReconnectAttempts: -1,
        reconnectTimeWait: 250,
        // the stack of each request would take a fifth of the time that publishing takes
        noAsyncTraces: true,
      }),
    );
    this.connection = connection;
    void connection.closed().then(() => {
      if (this.connection === connection) this.opening = undefined;
    });
    return jetstream(connection);
  }
}

/** Several servers of a cluster are separated by commas. The client doesn't look for a user in the address. */
function connectionOptions(url: string): {
  servers: string[];
  user?: string;
  pass?: string;
  token?: string;
  tls?: object;
} {
  const servers = url.split(',').map((server) => new URL(server));
  const { username = '', password = '' } = servers[0] ?? {};
  const user = decodeURIComponent(username);
  const pass = decodeURIComponent(password);
  return {
    servers: servers.map(({ host }) => host),
    ...(servers.some(({ protocol }) => protocol === 'tls:') && { tls: {} }),
    ...(user !== '' && (pass === '' ? { token: user } : { user, pass })),
  };
}
