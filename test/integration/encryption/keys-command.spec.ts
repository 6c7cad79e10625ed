import { randomBytes } from 'node:crypto';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createBackstory, doctor, environmentKeys, fileKeys, type Finding } from '@backstory/adapter';
import { runCommand } from '../../library/run-command.js';
import { aggregates, Customer, openPeople, type People } from '../erasure/people.js';
import peopleConfig, { variable } from './people-config.js';
import peopleDataSource from './people-data-source.js';
import { Wire } from './wire.js';

const secret = (): string => randomBytes(32).toString('base64');
const dataSource = join(__dirname, 'people-data-source.ts');
const config = join(__dirname, 'people-config.ts');

describe('keys', () => {
  const former = `2026=${secret()}`;
  let people: People;

  const keys = (secrets: string, ...argv: string[]): ReturnType<typeof runCommand> => {
    process.env[variable] = secrets;
    return runCommand('keys', ...argv, '--data-source', dataSource, '--config', config);
  };
  const findings = async (secrets: string): Promise<Finding[]> => {
    process.env[variable] = secrets;
    const found = await doctor(people.dataSource, peopleConfig);
    return found.filter(({ problem }) => /keys? of/.test(problem));
  };

  beforeEach(async () => {
    process.env[variable] = former;
    people = await openPeople({ encryption: { keys: environmentKeys(variable) } });
    peopleDataSource.setOptions({ url: people.url });
  });

  afterEach(() => people.close());

  afterAll(() => void delete process.env[variable]);

  const publish = async (...ids: number[]): Promise<void> => {
    await people.dataSource.manager.insert(
      Customer,
      ids.map((id) => ({ id, name: `name ${id}` })),
    );
    const { consumers } = people.backstory;
    consumers.relay({ name: `of-${ids[0]}`, publisher: new Wire(), from: 'beginning' });
    await consumers.start();
    await consumers.wait(`of-${ids[0]}`);
    await consumers.stop();
  };

  it('are told, tried, and wrapped by the present one', async () => {
    expect(await keys(former)).toMatchObject({
      code: 0,
      out: expect.stringMatching(/^No subject has a key/),
    });
    await publish(1, 2, 3);
    await people.backstory.erasure.eraseSubject('customer:2');
    expect(JSON.parse((await keys(former, '--json')).out)).toEqual([
      { keyId: '2026', subjects: 2, present: true },
    ]);
    expect(await findings(former)).toEqual([]);

    const both = `2027=${secret()},${former}`;
    expect(await findings(both)).toMatchObject([
      { severity: 'hint', problem: expect.stringMatching(/^2 keys of subjects still need "2026"/) },
    ]);
    expect(await keys(both, 'rewrap', '--dry-run')).toMatchObject({
      code: 0,
      out: 'Would wrap 2 of 2 keys anew.\n',
    });
    expect(JSON.parse((await keys(both, '--json')).out)).toMatchObject([{ keyId: '2026', present: false }]);
    expect(await keys(both, 'rewrap')).toMatchObject({
      code: 0,
      out: expect.stringMatching(/^Wrapped 2 of 2 keys anew/),
    });
    const [present = ''] = both.split(',');
    expect(await keys(present)).toMatchObject({ code: 0, out: expect.stringMatching(/2027 +2 keys +yes/) });
    expect(await findings(present)).toEqual([]);
  });

  it('that the provider has lost, or has others in place of, are a fault', async () => {
    await publish(1, 2);
    const lost = await findings(`2027=${secret()}`);
    expect(lost).toMatchObject([
      {
        severity: 'fault',
        problem: expect.stringMatching(/^2 keys of subjects can't be.*has no key "2026"/),
      },
    ]);
    expect(await keys(`2027=${secret()}`)).toMatchObject({
      code: 2,
      out: expect.stringMatching(/2026 +2 keys +no +The data key of customer:\d .* has no key "2026"/),
    });
    expect((await keys(`2027=${secret()}`, 'rewrap', '--dry-run')).code).toBe(2);
    expect(await keys(`2027=${secret()}`, 'rewrap')).toMatchObject({
      code: 1,
      err: expect.stringContaining('Put the key that has wrapped it back'),
    });

    // by a process whose 2026 is another one, in between: the oldest key alone would be well
    const other = `2026=${secret()}`;
    process.env[variable] = other;
    await people.backstory.close();
    const backstory = await createBackstory(people.dataSource, {
      aggregates,
      encryption: { keys: environmentKeys(variable) },
    });
    backstory.consumers.relay({ name: 'other', publisher: new Wire(), from: 'now' });
    await backstory.consumers.start();
    await backstory.consumers.wait('other');
    await people.dataSource.manager.insert(Customer, { id: 3, name: 'c' });
    await backstory.consumers.wait('other');
    await backstory.close();
    for (const secrets of [former, other]) {
      expect(await findings(secrets)).toMatchObject([
        { severity: 'fault', problem: expect.stringMatching(/^3 keys.*has another key "2026"/) },
      ]);
    }
  });

  it('need a configuration that has some, and the owner of the tables', async () => {
    expect(await runCommand('keys', '--data-source', dataSource)).toMatchObject({
      code: 1,
      err: expect.stringMatching(/nothing that holds keys[^]*--config/),
    });
    const role = `nobody_${process.pid}_${Date.now()}`;
    await people.query(`create role ${role} login password 'x'`);
    await people.query(`grant usage on schema backstory to ${role}`);
    await people.query(`grant select on all tables in schema backstory, public to ${role}`);
    await people.query(`revoke all on backstory.subject_keys from ${role}`);
    const url = new URL(people.url);
    [url.username, url.password] = [role, 'x'];
    peopleDataSource.setOptions({ url: url.href });
    try {
      for (const argv of [[], ['rewrap']])
        expect(await keys(former, ...argv)).toMatchObject({
          code: 1,
          err: expect.stringMatching(/belongs to its owner alone/),
        });
    } finally {
      await people.query(`drop owned by ${role}`);
      await people.query(`drop role ${role}`);
    }
  });

  it('in a file that is gone are missed, and no other one is made by who only looks', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'backstory-keys-'));
    const file = join(folder, 'keys');
    await people.backstory.close();
    const backstory = await createBackstory(people.dataSource, {
      aggregates,
      encryption: { keys: fileKeys(file) },
    });
    try {
      await people.dataSource.manager.insert(Customer, { id: 1, name: 'Ada!' });
      backstory.consumers.relay({ name: 'to-a-file', publisher: new Wire(), from: 'beginning' });
      await backstory.consumers.start();
      await backstory.consumers.wait('to-a-file');
      await backstory.close();
      await rm(file);
      const after = await createBackstory(people.dataSource, {
        aggregates,
        encryption: { keys: fileKeys(file) },
      });
      expect(await after.keys.list()).toMatchObject([
        { subjects: 1, present: false, problem: expect.stringContaining('There is no file') },
      ]);
      expect((await after.doctor()).map(({ severity, problem }) => [severity, problem])).toContainEqual([
        'fault',
        expect.stringMatching(/^1 key of a subject can't be unwrapped/),
      ]);
      await expect(after.keys.rewrap()).rejects.toMatchObject({ code: 'KEYS_UNUSABLE' });
      expect(await readdir(folder)).toEqual([]);
      await after.close();
    } finally {
      await rm(folder, { recursive: true });
    }
  });
});
