import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { createBackstory } from '@backstory/adapter';
import { Subject } from '../../library/entities.js';
import { type Library, openLibrary } from '../../library/open-library.js';
import { programOnLibrary } from '../../library/program.js';

/** A relay in a process of its own, and what it has said so far. */
interface Relay {
  /** Its exit code, where it ends by itself. */
  readonly ended: Promise<number | null>;
  readonly child: ChildProcess;
  readonly err: () => string;
  /** Until stderr says so. @returns the milliseconds since `since`, by default since it was called */
  says(what: RegExp | string, since?: number): Promise<number>;
  stop(): Promise<{ code: number | null; out: string }>;
}

describe('relay publish', () => {
  let library: Library;
  let folder: string;
  const relays: Relay[] = [];

  beforeEach(async () => {
    library = await openLibrary();
    folder = mkdtempSync(join(tmpdir(), 'relay-'));
    await (await createBackstory(library.dataSource, { aggregates: [Subject] })).close();
  });

  afterEach(async () => {
    for (const { child } of relays.splice(0)) child.kill('SIGKILL');
    rmSync(folder, { recursive: true });
    await library.close();
  });

  const confirm = (): void => writeFileSync(join(folder, 'confirmed'), '');
  const insert = (code: string): Promise<unknown> =>
    library.dataSource.manager.insert(Subject, { code, label: code });

  const published = async (position: string): Promise<void> => {
    for (let at = ''; at !== position;)
      [{ position: at }] = await library.dataSource.query('select position from backstory.consumers');
  };

  function relay(...argv: string[]): Relay {
    const [command = '', ...args] = programOnLibrary('relay', 'publish', 'broker', ...argv);
    const child = spawn(command, args, {
      env: { ...process.env, LIBRARY_URL: library.url, CONFIRMED_BY: join(folder, 'confirmed') },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let [out, err] = ['', ''];
    child.stdout.setEncoding('utf8').on('data', (text: string) => (out += text));
    child.stderr.setEncoding('utf8').on('data', (text: string) => (err += text));
    const ended = new Promise<number | null>((resolve) => child.on('close', resolve));
    const made: Relay = {
      child,
      ended,
      err: () => err,
      says: async (what, since = performance.now()) => {
        for (const end = performance.now() + 30_000; performance.now() < end;) {
          if (typeof what === 'string' ? err.includes(what) : what.test(err))
            return performance.now() - since;
          await new Promise((resolve) => setTimeout(resolve, 10));
        }
        throw new Error(`It never said ${String(what)}, but:\n${err}`);
      },
      stop: async () => {
        child.kill('SIGINT');
        return { code: await ended, out };
      },
    };
    relays.push(made);
    return made;
  }

  const slow = ['--publisher', join(__dirname, 'slow-publisher.ts')];
  const begun = '"broker" publishes;';
  // on a machine that does much else
  const soon = 2500;

  it('says that there is nothing to publish yet, and that it goes on', async () => {
    confirm();
    const one = relay(...slow);
    await one.says(begun);
    expect(await one.says('"broker" waits for events: there are none behind position 0.\n')).toBeLessThan(
      soon,
    );
    await insert('a');
    expect(await one.says('"broker" goes on, at position 1.\n')).toBeLessThan(soon);
    await insert('b');
    await published('2');
    const { code, out } = await one.stop();
    expect({ code, out }).toEqual({ code: 0, out: '"broker" is at 2, 0 events behind.\n' });
    expect(one.err().match(/goes on|waits for events/g)).toHaveLength(2);
  });

  it('says that the broker has confirmed nothing, and that it goes on', async () => {
    await insert('a');
    const one = relay('--from', 'beginning', ...slow);
    await one.says(begun);
    const stuck = '"broker" waits at position 0: the broker has confirmed nothing yet of at most 1 events.\n';
    expect(await one.says(stuck)).toBeLessThan(soon);
    confirm();
    expect(await one.says('"broker" goes on, at position 1.\n')).toBeLessThan(soon);
  });

  it('says who has it, and that it goes on when that one is gone', async () => {
    confirm();
    const first = relay(...slow);
    await first.says('waits for events');
    const second = relay(...slow);
    await second.says(begun);
    const waits = `"broker" waits: ${hostname()}:${first.child.pid} publishes it. This process goes on when that one ends.\n`;
    expect(await second.says(waits)).toBeLessThan(soon);
    await first.stop();
    await second.says('"broker" goes on, at position 0.\n');
    await insert('a');
    await published('1');
    expect((await second.stop()).out).toBe('"broker" is at 1, 0 events behind.\n');
  });

  it('shares the partitions with other processes, and keeps to the number that the relay has', async () => {
    confirm();
    const owners = async (): Promise<{ partitions: number; workers: number }> => {
      const [found]: [{ partitions: number; workers: number }] = await library.dataSource.query(
        `select count(*)::int as partitions, count(distinct owner)::int as workers from backstory.consumers`,
      );
      return found;
    };
    const first = relay('--partitions', '2', ...slow);
    await first.says('waits for events');
    const second = relay(...slow);
    while ((await owners()).workers < 2) await new Promise((resolve) => setTimeout(resolve, 20));
    expect(await owners()).toEqual({ partitions: 2, workers: 2 });
    for (const code of 'abcdef') await insert(code);
    for (let behind = 2; behind > 0;) {
      const [row]: [{ behind: number }] = await library.dataSource.query(
        'select count(*)::int as behind from backstory.consumers where position < 6',
      );
      ({ behind } = row);
    }
    const both = '"broker" is at 6, 0 events behind.\n'.repeat(2);
    expect(await first.stop()).toEqual({ code: 0, out: both });
    expect(await second.stop()).toEqual({ code: 0, out: both });
    const other = relay('--partitions', '3', ...slow);
    await other.says('has 2 partitions, and 3 were asked for');
    await other.says("define it under a new name with from: '6'");
    expect(await other.ended).toBe(1);
    await relay('--partitions', 'some', ...slow).says('--partitions');
  });

  it('says what the broker is not reached for, and that it goes on', async () => {
    await insert('a');
    const server = createServer((_request, response) => response.writeHead(204).end());
    const listen = async (port: number): Promise<number> => {
      await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
      return (server.address() as AddressInfo).port;
    };
    const port = await listen(0);
    const close = (): Promise<unknown> => new Promise((resolve) => server.close(resolve));
    await close();
    process.env['BACKSTORY_WEBHOOK_SECRET'] = `whsec_${Buffer.alloc(32, 7).toString('base64')}`;
    const to = `http://127.0.0.1:${port}/hook`;
    const one = relay('--from', 'beginning', '--to', to, '--source', '/library');
    delete process.env['BACKSTORY_WEBHOOK_SECRET'];
    await one.says(begun);
    expect(await one.says(`Consumer "broker" waits: ${to} could not be reached: `)).toBeLessThan(soon);
    await listen(port);
    // or it was there again before anybody had looked
    await one.says(/"broker" (goes on, at|waits for events: there are none behind) position 1\.\n/);
    await one.stop();
    server.closeAllConnections();
    await close();
  });
});
