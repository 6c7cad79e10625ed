import { execFileSync } from 'node:child_process';
import { chownSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createBackstory } from '@backstory/adapter';
import type { PostgresServer } from '@backstory/test/postgres';
import { DataSource } from 'typeorm';
import { entities } from '../library/entities.js';
import { expectWholeHistory } from './live-library.js';

interface EmbeddedServer {
  startEmbeddedServer(): Promise<PostgresServer>;
}
interface Users {
  unprivilegedUser(): Promise<{ uid: number; gid: number } | undefined>;
}
const { startEmbeddedServer } = jest.requireActual<EmbeddedServer>('../postgres/embedded-server.cjs');
const { unprivilegedUser } = jest.requireActual<Users>('../postgres/unprivileged-user.cjs');

/** A small file system of its own; undefined where this user may not mount one. */
function mountSmallDisk(): string | undefined {
  const folder = mkdtempSync(join(tmpdir(), 'backstory-disk-'));
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=40m,mode=755', 'tmpfs', folder], { stdio: 'pipe' });
    return folder;
  } catch {
    rmSync(folder, { recursive: true });
    return undefined;
  }
}

const disk = mountSmallDisk();
if (!disk) process.stderr.write('full-disk.spec.ts is skipped: this user may not mount a tmpfs\n');

(disk ? describe : describe.skip)('a disk that is full', () => {
  const folder = disk as string;
  let server: PostgresServer;

  beforeAll(async () => {
    server = await startEmbeddedServer();
    const user = await unprivilegedUser();
    if (user) chownSync(folder, user.uid, user.gid);
  });

  afterAll(async () => {
    await server?.stop();
    execFileSync('umount', [folder]);
    rmSync(folder, { recursive: true });
  });

  it('the application hears 53100 unchanged, nothing is half written, and with space again the backfill completes', async () => {
    const admin = await new DataSource({ type: 'postgres', url: server.url }).initialize();
    await admin.query(`create tablespace small location '${folder}'`);
    await admin.query(`create database shop tablespace small`);
    const url = server.url.replace(/\/postgres$/, '/shop');
    const dataSource = await new DataSource({
      type: 'postgres',
      url,
      entities,
      synchronize: true,
    }).initialize();
    await dataSource.query(
      `insert into author (name, version) select repeat('n', 60) || n, 1 from generate_series(1, 20000) n; analyze author`,
    );
    const backstory = await createBackstory(dataSource);
    const ballast = join(folder, 'ballast');
    const { bavail, bsize } = (await import('node:fs')).statfsSync(folder);
    // two megabytes are left, of about ten that the events take
    writeFileSync(ballast, Buffer.alloc(bavail * bsize - 2_000_000));
    expect(statSync(ballast).size).toBeGreaterThan(0);
    await expect(backstory.backfill({ aggregates: ['author'], chunkSize: 500 })).rejects.toMatchObject({
      code: '53100',
    });
    const state = async () =>
      (
        await dataSource.query(
          `select (select count(*)::int from backstory.events) as events,
                  (select sum(events_written)::int from backstory.backfill_ranges where category = 'author') as counted,
                  (select count(*)::int from author where followers > 0) as changed`,
        )
      )[0];
    const { events, counted } = await state();
    expect(events).toBe(counted);
    expect(events).toBeGreaterThan(0);
    expect(events).toBeLessThan(20_000);
    await expect(dataSource.query(`update author set followers = 1`)).rejects.toMatchObject({
      code: '53100',
    });
    expect(await state()).toEqual({ events, counted, changed: 0 });
    rmSync(ballast);
    expect(await backstory.backfill({ aggregates: ['author'] })).toMatchObject([
      { completed: true, events: 20_000 - events },
    ]);
    await dataSource.query(`update author set followers = 1 where id % 20 = 0`);
    await backstory.backfill();
    await expectWholeHistory(dataSource, backstory);
    await backstory.close();
    await dataSource.destroy();
    await admin.destroy();
  }, 120_000);
});
