import { type AddressInfo, createServer } from 'node:net';
import { BackstoryModule } from '@backstory/nest-module';
import { createTestDatabase, type TestDatabase } from '@backstory/test/postgres';
import {
  Controller,
  type DynamicModule,
  type ExecutionContext,
  type INestApplicationContext,
  Module,
  type Type,
} from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import {
  type ClientProxy,
  ClientProxyFactory,
  EventPattern,
  MessagePattern,
  type MicroserviceOptions,
  Payload,
  Transport,
} from '@nestjs/microservices';
import { InjectDataSource, TypeOrmModule } from '@nestjs/typeorm';
import { firstValueFrom } from 'rxjs';
import { DataSource } from 'typeorm';
import { type Metadata, metadataOfNotes } from './metadata-of-notes.js';
import { Note } from './note.entity.js';

interface Message {
  readonly text: string;
  readonly headers?: Record<string, string>;
}

/** Nobody waits for the handler of an event, except for the test. */
const writings: Promise<unknown>[] = [];
const traceparent = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';
const generatedId = expect.stringMatching(/^[0-9a-f-]{36}$/) as unknown;

@Controller()
class NotesController {
  constructor(@InjectDataSource() private readonly dataSource: DataSource) {}

  @MessagePattern('write')
  async write(@Payload() { text }: Message): Promise<string> {
    await this.dataSource.transaction((manager) => manager.insert(Note, { text }));
    return text;
  }

  @EventPattern('written')
  async written(@Payload() { text }: Message): Promise<void> {
    const writing = this.dataSource.manager.insert(Note, { text });
    writings.push(writing);
    await writing;
  }
}

/** As an application would say it whose messages carry headers beside their content. */
function fromMessage(execution: ExecutionContext): Record<string, string | undefined> {
  const { headers } = execution.switchToRpc().getData<Message>();
  return {
    actor: headers?.['user'],
    correlationId: headers?.['correlation-id'],
    causationId: headers?.['message-id'],
    traceparent: headers?.['traceparent'],
  };
}

async function freePort(): Promise<number> {
  const probe = createServer();
  await new Promise<void>((resolve) => probe.listen(0, '127.0.0.1', resolve));
  const { port } = probe.address() as AddressInfo;
  await new Promise((resolve) => probe.close(resolve));
  return port;
}

describe('the context of messages over TCP', () => {
  let database: TestDatabase;
  let app: INestApplicationContext;
  let client: ClientProxy;
  let transport: MicroserviceOptions & { options: { port: number } };

  beforeEach(async () => {
    database = await createTestDatabase();
    transport = { transport: Transport.TCP, options: { host: '127.0.0.1', port: await freePort() } };
    client = ClientProxyFactory.create(transport as { transport: Transport.TCP });
  });

  afterEach(async () => {
    client.close();
    await app.close();
    await database.drop();
  });

  function moduleWith(backstory: DynamicModule): Type {
    @Module({
      imports: [
        TypeOrmModule.forRoot({ type: 'postgres', url: database.url, entities: [Note], synchronize: true }),
        backstory,
      ],
      controllers: [NotesController],
    })
    class AppModule {}
    return AppModule;
  }

  async function startMicroservice(backstory: DynamicModule): Promise<void> {
    const service = await NestFactory.createMicroservice(moduleWith(backstory), {
      ...transport,
      logger: ['error', 'warn'],
    });
    app = service;
    await service.listen();
  }

  async function startHybrid(backstory: DynamicModule): Promise<void> {
    const hybrid = await NestFactory.create(moduleWith(backstory), { logger: ['error', 'warn'] });
    app = hybrid;
    hybrid.connectMicroservice(transport, { inheritAppConfig: true });
    await hybrid.startAllMicroservices();
    await hybrid.init();
  }

  const send = (message: Message): Promise<string> =>
    firstValueFrom(client.send<string, Message>('write', message));

  async function recorded(...texts: string[]): Promise<Record<string, Metadata>> {
    for (;;) {
      const metadata = await metadataOfNotes(app.get(DataSource));
      await Promise.all(writings);
      if (texts.every((text) => text in metadata)) return metadata;
    }
  }

  it.each([
    ['a microservice', startMicroservice],
    ['an application with a microservice', startHybrid],
  ])('is what the application reads from them, in %s', async (_name, start) => {
    await start(BackstoryModule.forRoot({ context: fromMessage }));
    const headers = { user: 'anna', 'correlation-id': 'c-1', 'message-id': 'm-7', traceparent };
    await send({ text: 'asked', headers });
    await firstValueFrom(
      client.emit<void, Message>('written', { text: 'told', headers: { 'message-id': 'm-8' } }),
    );
    expect(await recorded('asked', 'told')).toEqual({
      asked: { actor: 'anna', correlationId: 'c-1', causationId: 'm-7', traceparent },
      told: { correlationId: generatedId, causationId: 'm-8' },
    });
  });

  it('has an id of its own for each message where the application says nothing', async () => {
    await startMicroservice(BackstoryModule.forRoot());
    await Promise.all(Array.from({ length: 20 }, (_, n) => send({ text: `note ${n}` })));
    const metadata = Object.values(await recorded());
    expect(metadata).toEqual(Array.from({ length: 20 }, () => ({ correlationId: generatedId })));
    expect(new Set(metadata.map((each) => each?.['correlationId'])).size).toBe(20);
  });

  it('lets messages write where "context" expects HTTP requests and fails, and says so', async () => {
    const warnings = jest.spyOn(process.stdout, 'write').mockReturnValue(true);
    await startMicroservice(
      BackstoryModule.forRoot({
        context: (execution) => ({
          actor: execution.switchToHttp().getRequest<{ headers: { user: string } }>().headers.user,
        }),
      }),
    );
    expect(await send({ text: 'without headers' })).toBe('without headers');
    expect(await recorded()).toEqual({ 'without headers': { correlationId: generatedId } });
    expect(warnings.mock.calls.join('\n')).toContain('must look at execution.getType() first');
  });
});
