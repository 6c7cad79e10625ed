import { execFile } from 'node:child_process';
import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { createConnection } from 'mysql2/promise';
import { BrokerServer, freePort, installedProgram } from '../brokers/broker-server.js';

const program = installedProgram('mariadbd');
const installer = installedProgram('mariadb-install-db');

/** Whether MariaDB is installed; where it isn't, says that tests are skipped. */
export function hasMariaDb(name: string): boolean {
  if (program && installer) return true;
  process.stderr.write(`Skipped: ${name}, because there is no program "mariadbd" here.\n`);
  return false;
}

/** A MariaDB whose files survive `crash()`. Its URL is of the user root, without a database. */
export async function startMariaDb(): Promise<BrokerServer> {
  const home = await mkdtemp(join(tmpdir(), 'backstory-mariadb-'));
  const port = await freePort();
  const user = process.getuid?.() === 0 ? ['--user=root'] : [];
  await promisify(execFile)(installer as string, [
    '--no-defaults',
    `--datadir=${home}`,
    '--auth-root-authentication-method=normal',
    '--skip-test-db',
    ...user,
  ]);
  const url = `mysql://root@127.0.0.1:${port}`;
  return new BrokerServer({
    url,
    home,
    command: program as string,
    args: [
      '--no-defaults',
      `--datadir=${home}`,
      `--socket=${join(home, 'socket')}`,
      `--pid-file=${join(home, 'pid')}`,
      `--port=${port}`,
      '--bind-address=127.0.0.1',
      '--skip-name-resolve',
      '--innodb-buffer-pool-size=32M',
      ...user,
    ],
    answers: async () => (await createConnection({ uri: url, connectTimeout: 2000 })).end(),
  }).start();
}
