import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { openSubjects, type Subjects } from '../integration/archive/subjects.js';
import { exportFolder, type ExportFolder } from '../integration/files/export-folder.js';
import { seededRandom, seedOfRun } from '../library/random.js';

const seed = seedOfRun();

describe(`a process that exports the log and is killed (SIGKILL), seed ${seed}`, () => {
  let subjects: Subjects;
  let folder: ExportFolder;
  let other: ExportFolder;

  beforeEach(async () => {
    subjects = await openSubjects();
    [folder, other] = [await exportFolder(), await exportFolder()];
  });

  afterEach(async () => {
    await subjects.close();
    await Promise.all([folder.remove(), other.remove()]);
  });

  async function start(): Promise<ChildProcess> {
    const { url } = subjects.library;
    const child = spawn(
      process.execPath,
      [
        '-r',
        join(__dirname, '../typescript-process.cjs'),
        join(__dirname, 'export-process.ts'),
        url,
        folder.path,
      ],
      { stdio: ['ignore', 'pipe', 'inherit'] },
    );
    await Promise.race([
      once(child.stdout as NodeJS.ReadableStream, 'data'),
      once(child, 'exit').then(() => Promise.reject(new Error('the process ended before it was ready'))),
    ]);
    return child;
  }

  it('leaves what the next run goes on with, to the same files as one run', async () => {
    const random = seededRandom(seed);
    await subjects.library.dataSource.query(
      `insert into subject (code, label) select 's' || n, 'label ' || n from generate_series(1, 400) n`,
    );
    const { backstory } = subjects;
    for (let round = 0; round < 2; round++) {
      const child = await start();
      const ended = once(child, 'exit');
      await sleep(random.integer(0, 120));
      child.kill('SIGKILL');
      await ended;
    }
    const { to } = await backstory.files.export(folder.path, { fileEvents: 20 });
    await backstory.files.export(other.path, { fileEvents: 20 });
    expect(to).toBe('400');
    expect(await folder.hashes()).toEqual(await other.hashes());
    // what a killed run has left beside the manifest was replaced
    expect(await backstory.files.check(folder.path)).toMatchObject({
      clean: true,
      events: 400,
      differences: [],
    });
  }, 300_000);
});
