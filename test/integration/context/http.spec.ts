import { Readable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { BackstoryModule } from '@backstory/nest-module';
import { createTestDatabase, type TestDatabase } from '@backstory/test/postgres';
import {
  type ArgumentsHost,
  Body,
  type CallHandler,
  type CanActivate,
  Catch,
  Controller,
  type ExceptionFilter,
  type ExecutionContext,
  ForbiddenException,
  Get,
  HttpException,
  type INestApplication,
  Injectable,
  type MiddlewareConsumer,
  Module,
  type NestInterceptor,
  type NestMiddleware,
  type NestModule,
  type PipeTransform,
  Post,
  Sse,
  StreamableFile,
  UseFilters,
  UseGuards,
  UseInterceptors,
} from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { ExpressAdapter } from '@nestjs/platform-express';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import { InjectDataSource, TypeOrmModule } from '@nestjs/typeorm';
import { concatMap, Observable, tap, timer } from 'rxjs';
import { DataSource } from 'typeorm';
import { lastPosition, type Metadata, metadataOfNotes } from './metadata-of-notes.js';
import { Note } from './note.entity.js';

/** What handlers have left to run when they answered. */
const afterAnswers: Promise<void>[] = [];
const traceparent = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';

@Injectable()
class Notes {
  constructor(@InjectDataSource() private readonly dataSource: DataSource) {}

  async write(text: string): Promise<void> {
    await this.dataSource.manager.insert(Note, { text });
  }
}

@Injectable()
class Writing implements NestMiddleware, CanActivate, NestInterceptor, PipeTransform {
  constructor(protected readonly notes: Notes) {}

  async use(_request: unknown, _response: unknown, next: () => void): Promise<void> {
    await this.notes.write('middleware');
    next();
  }

  async canActivate(execution: ExecutionContext): Promise<boolean> {
    const request = execution.switchToHttp().getRequest<{ headers: Record<string, string>; user: unknown }>();
    request.user = request.headers['authorization'];
    await this.notes.write('guard');
    if (request.user === 'mallory') throw new ForbiddenException();
    return true;
  }

  intercept(_execution: ExecutionContext, next: CallHandler): Observable<unknown> {
    return next
      .handle()
      .pipe(concatMap(async (answer: unknown) => (await this.notes.write('answer'), answer)));
  }

  async transform(value: unknown): Promise<unknown> {
    await this.notes.write('pipe');
    return value;
  }
}

@Catch(HttpException)
class WritingFilter implements ExceptionFilter {
  constructor(private readonly notes: Notes) {}

  async catch(exception: HttpException, host: ArgumentsHost): Promise<void> {
    await this.notes.write('filter');
    const response = host
      .switchToHttp()
      .getResponse<{ status(code: number): { send(body: unknown): void } }>();
    response.status(exception.getStatus()).send({ refused: true });
  }
}

@Controller('notes')
@UseGuards(Writing)
@UseFilters(WritingFilter)
class NotesController {
  constructor(private readonly notes: Notes) {}

  @Post()
  @UseInterceptors(Writing)
  async create(@Body(Writing) { text }: { text: string }): Promise<object> {
    await sleep(5);
    await this.notes.write(text);
    return { text };
  }

  @Post('later')
  later(@Body() { text }: { text: string }): object {
    afterAnswers.push(sleep(20).then(() => this.notes.write(text)));
    return {};
  }

  @Post('failing')
  async fail(@Body() { text }: { text: string }): Promise<void> {
    await this.notes.write(text);
    throw new HttpException('failed', 418);
  }

  @Get('stream')
  stream(): StreamableFile {
    const { notes } = this;
    async function* chunks(): AsyncGenerator<string> {
      for (const chunk of ['stream 1', 'stream 2']) {
        await notes.write(chunk);
        yield chunk;
      }
    }
    return new StreamableFile(Readable.from(chunks(), { objectMode: false }));
  }

  @Sse('sse')
  sse(): Observable<object> {
    return new Observable((subscriber) =>
      timer(5)
        .pipe(
          concatMap(() => this.notes.write('sse')),
          tap(() => subscriber.next({ data: 'sse' })),
        )
        .subscribe({ complete: () => subscriber.complete() }),
    );
  }
}

describe.each([
  ['Express', () => new ExpressAdapter()],
  ['Fastify', () => new FastifyAdapter()],
])('the context of HTTP requests on %s', (_name, adapter) => {
  let database: TestDatabase;
  let app: INestApplication;
  let url: string;

  beforeAll(async () => {
    database = await createTestDatabase();

    @Module({
      imports: [
        TypeOrmModule.forRoot({ type: 'postgres', url: database.url, entities: [Note], synchronize: true }),
        BackstoryModule.forRoot({
          context: (execution) => ({
            actor: execution.switchToHttp().getRequest<{ user?: string }>().user,
            correlationId: undefined, // as of a header that isn't there
          }),
        }),
      ],
      controllers: [NotesController],
      providers: [Notes],
    })
    class AppModule implements NestModule {
      configure(consumer: MiddlewareConsumer): void {
        consumer.apply(Writing).forRoutes(NotesController);
      }
    }

    app = await NestFactory.create(AppModule, adapter(), { logger: ['error', 'warn'] });
    app.setGlobalPrefix('api/v1');
    await app.listen(0, '127.0.0.1');
    url = `${await app.getUrl()}/api/v1/notes`;
  });

  afterAll(async () => {
    await app.close();
    await database.drop();
  });

  let start: string;
  beforeEach(async () => {
    start = await lastPosition(app.get(DataSource));
  });

  const send = async (method: string, path: string, user: string, body?: object): Promise<string> => {
    const response = await fetch(url + path, {
      method,
      headers: {
        authorization: user,
        'x-correlation-id': `of ${user}`,
        traceparent,
        ...(body && { 'content-type': 'application/json' }),
      },
      body: body ? JSON.stringify(body) : null,
    });
    return response.text();
  };
  const recorded = (): Promise<Record<string, Metadata>> => metadataOfNotes(app.get(DataSource), start);
  const ids = { correlationId: 'of anna', traceparent };
  const all = { ...ids, actor: 'anna' };

  it('is there from middleware and guards on, with the actor from the handler on', async () => {
    await send('POST', '', 'anna', { text: 'handler' });
    expect(await recorded()).toEqual({
      middleware: ids,
      guard: ids,
      pipe: all,
      handler: all,
      answer: all,
    });
  });

  it('holds in exception filters: with the actor after the handler, with the ids alone after a guard', async () => {
    expect(await send('POST', '/failing', 'anna', { text: 'handler' })).toContain('refused');
    expect(await recorded()).toMatchObject({ handler: all, filter: all });
    expect(await send('POST', '', 'mallory', { text: 'never' })).toContain('refused');
    const { filter, never } = await recorded();
    expect(filter).toEqual({ correlationId: 'of mallory', traceparent });
    expect(never).toBeUndefined();
  });

  it('holds while the answer streams, and after it', async () => {
    await send('POST', '/later', 'anna', { text: 'later' });
    expect(await send('GET', '/stream', 'anna')).toBe('stream 1stream 2');
    expect(await send('GET', '/sse', 'anna')).toContain('data: sse');
    await Promise.all(afterAnswers);
    expect(await recorded()).toMatchObject({ later: all, 'stream 1': all, 'stream 2': all, sse: all });
  });

  it('is of each request alone, on one kept connection and at the same time', async () => {
    const users = Array.from({ length: 30 }, (_, n) => `user ${n}`);
    for (const user of users.slice(0, 5)) await send('POST', '', user, { text: user });
    await Promise.all(users.slice(5).map((user) => send('POST', '', user, { text: user })));
    const metadata = await recorded();
    for (const user of users)
      expect(metadata[user]).toEqual({ actor: user, correlationId: `of ${user}`, traceparent });
  });

  it('has one new correlation id for the whole request where nobody sent one, and no trace that is none', async () => {
    await fetch(url, {
      method: 'POST',
      headers: { 'content-type': 'application/json', traceparent: '00-1-2-03', 'x-request-id': '' },
      body: JSON.stringify({ text: 'handler' }),
    });
    const { middleware, guard, handler, answer } = await recorded();
    expect(handler).toEqual({ correlationId: expect.stringMatching(/^[0-9a-f-]{36}$/) });
    expect([middleware, guard, answer]).toEqual([handler, handler, handler]);
  });
});
