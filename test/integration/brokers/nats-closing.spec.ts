import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import type { BrokerServer } from '../../brokers/broker-server.js';
import { NatsStream } from '../../brokers/nats-stream.js';
import { describeWithNats, startNats } from '../../brokers/start-nats.js';

jest.setTimeout(120_000);

describeWithNats('a NATS publisher that was closed', () => {
  let server: BrokerServer;
  let child: ChildProcess | undefined;

  beforeEach(async () => {
    server = await startNats();
  }, 200_000);

  afterEach(async () => {
    child?.kill('SIGKILL');
    await server?.stop();
  });

  const start = (url: string, subject: string): ChildProcess =>
    (child = fork(join(__dirname, 'nats-closing-process.ts'), [url, subject], {
      execArgv: ['-r', join(__dirname, '../../typescript-process.cjs')],
    }));
  const tell = async (word: string): Promise<unknown> => {
    const answer = once(child as ChildProcess, 'message');
    child?.send(word);
    return ((await answer) as [unknown])[0];
  };
  /** Nothing is left of ours or of the client's, and the process ends without being told to. */
  const expectToEnd = async (how = 'close'): Promise<void> => {
    const ended = once(child as ChildProcess, 'exit');
    expect(await tell(how)).toEqual({ open: [] });
    expect(await ended).toEqual([0, null]);
  };

  it('leaves nothing after it has published', async () => {
    const stream = await new NatsStream(server.url).make();
    start(server.url, `${stream.prefix}.x`);
    expect(await tell('publish')).toEqual({ outcome: 'published' });
    await expectToEnd();
  });

  it('leaves nothing while the broker is away and the client tries to reach it again', async () => {
    const stream = await new NatsStream(server.url).make();
    start(server.url, `${stream.prefix}.x`);
    expect(await tell('publish')).toEqual({ outcome: 'published' });
    await server.crash();
    expect(await tell('publish')).toEqual({ outcome: expect.stringMatching(/^NATS has not confirmed/) });
    await expectToEnd();
  });

  it('leaves nothing when the broker hangs', async () => {
    const stream = await new NatsStream(server.url).make();
    start(server.url, `${stream.prefix}.x`);
    expect(await tell('publish')).toEqual({ outcome: 'published' });
    await server.hang();
    try {
      expect(await tell('publish')).toEqual({ outcome: expect.stringMatching(/^NATS has not confirmed/) });
      await expectToEnd();
    } finally {
      server.goOn();
    }
  });

  it('leaves nothing when it is stopped while the broker hangs', async () => {
    const stream = await new NatsStream(server.url).make();
    start(server.url, `${stream.prefix}.x`);
    expect(await tell('publish')).toEqual({ outcome: 'published' });
    await server.hang();
    try {
      await expectToEnd('stop');
    } finally {
      server.goOn();
    }
  });

  it('leaves nothing when the broker hung before there was a connection', async () => {
    start(server.url, 'nobody.x');
    await server.hang();
    try {
      expect(await tell('publish')).toEqual({ outcome: expect.stringMatching(/^NATS/) });
      await expectToEnd();
    } finally {
      server.goOn();
    }
  });

  it('leaves nothing where nobody listens, and where no stream takes the subject', async () => {
    start('nats://127.0.0.1:1', 'nobody.x');
    expect(await tell('publish')).toEqual({ outcome: expect.stringContaining('can not be reached') });
    await expectToEnd();
    start(server.url, 'nobody.x');
    expect(await tell('publish')).toEqual({ outcome: expect.stringContaining('No JetStream stream') });
    await expectToEnd();
  });
});
