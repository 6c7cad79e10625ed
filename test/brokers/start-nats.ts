import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { jetstreamManager } from '@nats-io/jetstream';
import { connect } from '@nats-io/transport-node';
import { BrokerServer, freePort, installedProgram } from './broker-server.js';

const program = installedProgram('nats-server');

/** `describe` where NATS is installed; else it says that its tests are skipped. */
export function describeWithNats(name: string, body: () => void): void {
  if (!program) process.stderr.write(`Skipped: ${name}, because there is no program "nats-server" here.\n`);
  (program ? describe : describe.skip)(name, body);
}

/** A NATS server with JetStream. */
export async function startNats(): Promise<BrokerServer> {
  const home = await mkdtemp(join(tmpdir(), 'backstory-nats-'));
  const port = await freePort();
  return new BrokerServer({
    url: `nats://127.0.0.1:${port}`,
    home,
    command: program as string,
    args: ['-a', '127.0.0.1', '-p', `${port}`, '-js', '-sd', home],
    answers: async () => {
      const connection = await connect({ servers: `127.0.0.1:${port}`, timeout: 2000, reconnect: false });
      await jetstreamManager(connection).finally(() => connection.close());
    },
  }).start();
}
