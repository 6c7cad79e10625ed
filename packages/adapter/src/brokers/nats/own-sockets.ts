import { AsyncLocalStorage } from 'node:async_hooks';
import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import type { Socket } from 'node:net';

const opener = new AsyncLocalStorage<OwnSockets>();
const channel = 'net.client.socket';

/**
 * The sockets that a client opens, now and when it reconnects. The client of NATS lets go of one that was connected to a server which
 * has said nothing in time, and doesn't close it: such a server, and a process that ends by itself, would wait for each other.
 */
export class OwnSockets {
  private readonly sockets = new Set<Socket>();
  private readonly note = (message: unknown): void => {
    const { socket } = message as { socket: Socket };
    if (opener.getStore() !== this) return;
    this.sockets.add(socket);
    // the client removes the listeners of others
    for (const each of this.sockets) if (each.destroyed) this.sockets.delete(each);
  };

  /** Runs what opens them: what follows from it belongs to it, too. */
  during<Result>(work: () => Promise<Result>): Promise<Result> {
    subscribe(channel, this.note);
    return opener.run(this, work);
  }

  /** Closes those that are left. */
  close(): void {
    unsubscribe(channel, this.note);
    for (const socket of this.sockets) socket.destroy();
    this.sockets.clear();
  }
}
