import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { type Backstory, createBackstory } from '@backstory/adapter';
import { runCommandLine } from '../../../packages/adapter/src/cli/command-line.js';
import type { BrokerServer } from '../../brokers/broker-server.js';
import { NatsStream } from '../../brokers/nats-stream.js';
import { describeWithNats, startNats } from '../../brokers/start-nats.js';
import { Subject } from '../../library/entities.js';
import { type Library, openLibrary } from '../../library/open-library.js';

describeWithNats('publishing from the command line', () => {
  let server: BrokerServer;
  let library: Library;
  let backstory: Backstory;

  beforeAll(async () => {
    server = await startNats();
    library = await openLibrary();
    process.env['LIBRARY_URL'] = library.url;
    jest.resetModules();
    backstory = await createBackstory(library.dataSource);
    for (const code of ['a', 'b', 'c'])
      await library.dataSource.manager.insert(Subject, { code, label: code });
  });

  afterAll(async () => {
    await backstory.close();
    await library.close();
    await server?.stop();
  });

  async function publish(...argv: string[]): Promise<{ code: number; out: string; err: string }> {
    return publishAs('broker', '--from', 'beginning', ...argv);
  }

  async function publishAs(
    name: string,
    ...argv: string[]
  ): Promise<{ code: number; out: string; err: string }> {
    const stdout = new PassThrough().setEncoding('utf8');
    const stderr = new PassThrough().setEncoding('utf8');
    const file = join(__dirname, '../../library/data-source.ts');
    const all = ['relay', 'publish', name, ...argv, '--data-source', file];
    const code = await runCommandLine(all, { stdout, stderr });
    return { code, out: (stdout.read() as string | null) ?? '', err: (stderr.read() as string | null) ?? '' };
  }

  it('publishes what is there, and goes on from there the next time', async () => {
    const stream = await new NatsStream(server.url).make({ subjects: ['backstory.>'] });
    const argv = ['--to', server.url, '--source', '/library', '--category', 'subject', '--until-caught-up'];
    expect(await publish(...argv)).toMatchObject({ code: 0, out: '"broker" is at 3, 0 events behind.\n' });
    await library.dataSource.manager.insert(Subject, { code: 'd', label: 'd' });
    expect(await publish(...argv)).toMatchObject({ code: 0, out: '"broker" is at 4, 0 events behind.\n' });
    expect((await stream.received()).map(({ source, id }) => source + id)).toEqual(
      ['a', 'b', 'c', 'd'].map((code) => `/librarysubject-${code}@1`),
    );
  });

  it('says that a new one begins with what is written from now on', async () => {
    const argv = ['--to', server.url, '--source', '/library', '--until-caught-up'];
    const words = 'begins with what is written from now on';
    expect(await publishAs('newer', ...argv)).toMatchObject({
      code: 0,
      err: expect.stringContaining(words),
    });
    // one after the other: in one process they have one DataSource, and the first to end destroys it
    for (const again of [['newer'], ['newest', '--from', 'beginning']] as const) {
      const [name, ...from] = again;
      expect((await publishAs(name, ...from, ...argv)).err).not.toContain(words);
    }
  });

  it('says that it has not published what is parked', async () => {
    const publisher = join(__dirname, 'refusing-publisher.ts');
    const argv = ['--from', 'beginning', '--publisher', publisher, '--until-caught-up'];
    for (let times = 0; times < 2; times++) {
      expect(await publishAs('refused', ...argv)).toMatchObject({
        code: 2,
        out: expect.stringMatching(
          /\d events could not be published and are parked: npx backstory relay parked refused\n$/,
        ),
      });
    }
  });

  it('refuses to publish as they are what other relays of the history encrypt, unless it is told to', async () => {
    const argv = ['--to', server.url, '--source', '/library', '--category', 'subject', '--until-caught-up'];
    await library.dataSource.query(
      `select backstory.keep_subject_keys(array['subject:a'], array['00'], array['a key'])`,
    );
    expect(await publish(...argv)).toMatchObject({
      code: 1,
      err: expect.stringMatching(/Relays of this history encrypt[^]*--config[^]*--plain-text/),
    });
    expect(await publish(...argv, '--plain-text')).toMatchObject({ code: 0 });
  });

  it('says what it can not use', async () => {
    expect(await publish('--to', server.url, '--source', '/library', '--category', 'nosuch')).toMatchObject({
      code: 1,
      err: expect.stringMatching(/--category nosuch: nothing is captured[^]*Use one of: .*subject/),
    });
    expect(await publish('--until-caught-up')).toMatchObject({
      code: 1,
      err: expect.stringContaining('where to?'),
    });
    expect(await publish('--to', server.url)).toMatchObject({
      code: 1,
      err: expect.stringContaining("doesn't name the application"),
    });
    expect(await publish('--to', 'https://x.example', '--source', '/x')).toMatchObject({
      code: 1,
      err: expect.stringContaining('BACKSTORY_WEBHOOK_SECRET'),
    });
    expect(await publish('--publisher', __filename.replace('.spec.ts', '.none.js'))).toMatchObject({
      code: 1,
      err: expect.stringContaining('There is no file'),
    });
  });
});
