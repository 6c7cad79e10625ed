import { mkdtemp, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { connect } from 'amqplib';
import { BrokerServer, freePort, installedProgram } from './broker-server.js';

// Debian's program in the path becomes another user, with that user's files.
const program = installedProgram('rabbitmq-server') && '/usr/lib/rabbitmq/bin/rabbitmq-server';

/** `describe` where RabbitMQ is installed; else it says that its tests are skipped. */
export function describeWithRabbitMq(name: string, body: () => void): void {
  if (!program)
    process.stderr.write(`Skipped: ${name}, because there is no program "rabbitmq-server" here.\n`);
  (program ? describe : describe.skip)(name, body);
}

/** A RabbitMQ that takes messages of up to 200 000 bytes. */
export async function startRabbitMq(): Promise<BrokerServer> {
  const home = await mkdtemp(join(tmpdir(), 'backstory-rabbitmq-'));
  const [port, distribution] = [await freePort(), await freePort()];
  const url = `amqp://127.0.0.1:${port}`;
  await writeFile(join(home, 'rabbitmq.conf'), 'max_message_size = 200000\nloopback_users = none\n');
  await writeFile(join(home, 'enabled_plugins'), '[].\n');
  return new BrokerServer({
    url,
    home,
    command: program as string,
    args: [],
    env: {
      HOME: home,
      RABBITMQ_NODENAME: `${basename(home)}@localhost`,
      RABBITMQ_NODE_IP_ADDRESS: '127.0.0.1',
      RABBITMQ_NODE_PORT: `${port}`,
      RABBITMQ_DIST_PORT: `${distribution}`,
      RABBITMQ_CONFIG_FILE: join(home, 'rabbitmq.conf'),
      RABBITMQ_CONF_ENV_FILE: join(home, 'none'),
      RABBITMQ_ENABLED_PLUGINS_FILE: join(home, 'enabled_plugins'),
      RABBITMQ_MNESIA_BASE: join(home, 'data'),
      RABBITMQ_LOG_BASE: join(home, 'log'),
      RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS: '+S 1:1',
    },
    answers: async () => (await connect(url, { timeout: 2000 })).close(),
  }).start();
}
