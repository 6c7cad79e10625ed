import { setTimeout as sleep } from 'node:timers/promises';
import { Client } from 'pg';
import { Cluster } from '../integration/backup/cluster.js';

/** A streaming standby of a server, whose lag is the test's. */
export class Standby {
  constructor(private readonly cluster: Cluster) {}

  url(database?: string): string {
    return this.cluster.url(database);
  }

  async ask(statement: string): Promise<string> {
    return askOf(this.cluster, statement);
  }

  /** From here on it replays nothing, whatever comes. */
  async pause(): Promise<void> {
    await this.ask('select pg_wal_replay_pause()');
    const state = `select case when pg_is_wal_replay_paused() then 'paused' end`;
    await until('the replay is paused', async () => (await this.ask(state)) === 'paused');
    // asked for is not done: what is under way ends first
    for (let before = ''; ; await sleep(20)) {
      const at = await this.ask('select pg_last_wal_replay_lsn()::text');
      if (at === before) return;
      before = at;
    }
  }

  async resume(): Promise<void> {
    await this.ask('select pg_wal_replay_resume()');
  }

  /** Has replayed everything that the primary has written so far. */
  async catchUp(primary: Cluster): Promise<void> {
    const at = await askOf(primary, 'select pg_switch_wal()::text');
    await until('the standby has caught up', async () => {
      const reached = `select (pg_last_wal_replay_lsn() >= '${at}')::text`;
      return (await this.ask(reached)) === 'true';
    });
  }

  async promote(): Promise<void> {
    await this.cluster.run('pg_ctl', '-D', this.cluster.data, '-w', 'promote');
  }

  /** As a power cut does. */
  async kill(): Promise<void> {
    await this.cluster.run('pg_ctl', '-D', this.cluster.data, '-m', 'immediate', 'stop');
  }

  async startAgain(): Promise<void> {
    await this.cluster.start({});
  }

  remove(): Promise<void> {
    return this.cluster.remove();
  }
}

/** A server of a test's own, that standbys may follow. */
export async function startPrimary(settings: Record<string, string | number> = {}): Promise<Cluster> {
  const primary = await Cluster.prepare();
  await primary.initialise();
  await primary.start({ wal_level: 'replica', max_wal_senders: 10, fsync: 'off', ...settings });
  return primary;
}

export async function startStandby(
  primary: Cluster,
  settings: Record<string, string | number> = {},
): Promise<Standby> {
  const cluster = await Cluster.prepare();
  await cluster.copy(primary, '-R');
  await cluster.start({ hot_standby: 'on', ...settings });
  return new Standby(cluster);
}

export async function askOf(cluster: Cluster, statement: string): Promise<string> {
  const client = new Client({ connectionString: cluster.url() });
  await client.connect();
  try {
    const { rows } = await client.query<(string | number | boolean | null)[]>({
      text: statement,
      rowMode: 'array',
    });
    return String(rows[0]?.[0] ?? '');
  } finally {
    await client.end();
  }
}

/** Looks now and then, for a minute at most. */
export async function until(what: string, isSo: () => Promise<boolean>): Promise<void> {
  for (const end = Date.now() + 60_000; !(await isSo()); await sleep(20))
    if (Date.now() > end) throw new Error(`After a minute it is not so that ${what}.`);
}
