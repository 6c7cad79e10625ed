import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { createBackstory, onEvent, type Backstory, type RecordedEvent } from '@backstory/adapter';
import { runCommandLine } from '../../../packages/adapter/src/cli/command-line.js';
import { Subject } from '../../library/entities.js';
import { type Library, openLibrary } from '../../library/open-library.js';

describe('the command line of consumers', () => {
  let library: Library;
  let backstory: Backstory;
  let broken: boolean;
  const handled: string[] = [];

  beforeEach(async () => {
    library = await openLibrary();
    process.env['LIBRARY_URL'] = library.url;
    jest.resetModules();
    broken = true;
    handled.length = 0;
    backstory = await createBackstory(library.dataSource, { consumers: { pollMs: 50 } });
    backstory.consumers
      .define({
        name: 'mailer',
        attempts: 1,
        handlers: [
          onEvent({ category: 'subject' }, ({ streamId }) => {
            if (broken) throw new Error('no post today');
            handled.push(streamId);
          }),
        ],
      })
      .project({
        name: 'codes',
        tables: ['codes'],
        create: (manager, tables) => manager.query(`create table ${tables['codes']} (code text)`),
        handlers: [
          onEvent({ category: 'subject' }, (event: RecordedEvent, { manager, tables }) =>
            manager.query(`insert into ${tables['codes']} values ($1)`, [event.streamId]),
          ),
        ],
      });
    await backstory.consumers.start();
    for (const code of ['a', 'b', 'c'])
      await library.dataSource.manager.insert(Subject, { code, label: code });
    await backstory.consumers.wait('mailer');
    await backstory.consumers.wait('codes');
  });

  afterEach(async () => {
    await backstory.close();
    await library.close();
  });

  async function run(...argv: string[]): Promise<{ code: number; out: string; err: string }> {
    const stdout = new PassThrough().setEncoding('utf8');
    const stderr = new PassThrough().setEncoding('utf8');
    const file = join(__dirname, '../../library/data-source.ts');
    const code = await runCommandLine([...argv, '--data-source', file], { stdout, stderr });
    return { code, out: (stdout.read() as string | null) ?? '', err: (stderr.read() as string | null) ?? '' };
  }

  it('lists consumers with their lag, and what is parked', async () => {
    const listed = await run('relay');
    expect(listed).toMatchObject({
      code: 0,
      out: expect.stringMatching(/^mailer\/0 +3 +0 +- +0 +3 +\S+:\d+/m),
    });
    expect(listed.out).toMatch(/^codes@1\/0 +3 +0/m);
    expect(JSON.parse((await run('relay', 'list', '--json')).out)).toMatchObject([
      { name: 'codes@1' },
      { name: 'mailer', parked: 3 },
    ]);
    const { out } = await run('relay', 'parked', 'mailer', '--stream', 'subject-b');
    expect(out).toMatch(/2 +subject-b +1 .*no post today/);
    expect(out).not.toContain('subject-a');
    expect(await run('relay', 'parked', 'codes')).toMatchObject({
      code: 0,
      out: 'Nothing of "codes" is parked.\n',
    });
  });

  it('has parked events tried again by the running workers, after a look at which', async () => {
    broken = false;
    expect((await run('relay', 'retry', 'mailer', '--limit', '2', '--dry-run')).out).toMatch(
      /subject-a[^]*subject-b/,
    );
    expect(await backstory.consumers.parked('mailer')).toHaveLength(3);
    expect((await run('relay', 'retry', 'mailer', '--stop-at', '2', '--by', 'anna')).out).toContain(
      '2 events will be tried again',
    );
    while ((await backstory.consumers.parked('mailer')).length > 1) await backstory.consumers.wait('mailer');
    expect(handled).toEqual(['a', 'b']);
    expect(
      await library.dataSource.query('select events, requested_by from backstory.retry_requests'),
    ).toEqual([{ events: 2, requested_by: 'anna' }]);
  });

  it.each(['parked', 'retry', 'discard'])('refuses %s of a consumer that is not there', async (action) => {
    expect(await run('relay', action, 'mialer', '--reason', 'a slip')).toMatchObject({
      code: 1,
      err: expect.stringMatching(/There is no consumer "mialer"\.[^]*npx backstory relay/),
    });
  });

  it('gives parked events up for a reason', async () => {
    expect(await run('relay', 'discard', 'mailer')).toMatchObject({
      code: 1,
      err: expect.stringContaining('for a reason'),
    });
    expect(await run('relay', 'discard', 'mailer', '--reason', 'test data', '--by', 'anna')).toMatchObject({
      code: 0,
      out: '3 events of "mailer" are given up.\n',
    });
    expect(await backstory.consumers.parked('mailer')).toEqual([]);
  });

  it('has a projection rebuilt, and waits for it', async () => {
    await library.dataSource.query('delete from codes_1');
    expect(await run('rebuild', 'codes')).toMatchObject({ code: 0, out: 'codes: generation 2 is live.\n' });
    expect(await library.dataSource.query('select code from codes order by 1')).toEqual([
      { code: 'a' },
      { code: 'b' },
      { code: 'c' },
    ]);
    expect(await run('rebuild', 'nobody')).toMatchObject({
      code: 1,
      err: expect.stringContaining('no projection "nobody"'),
    });
  });

  it('says what it does not understand', async () => {
    expect(await run('relay', 'sing')).toMatchObject({
      code: 1,
      err: expect.stringContaining('Allowed choices are list, parked, retry, discard'),
    });
    expect(await run('relay', 'parked')).toMatchObject({ code: 1, err: expect.stringContaining('of whom') });
    expect(await run('relay', 'parked', 'mailer', '--stream', 'x')).toMatchObject({
      code: 1,
      err: expect.stringContaining('no stream'),
    });
  });
});
