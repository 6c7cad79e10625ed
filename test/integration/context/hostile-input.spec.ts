import { type Backstory, createBackstory, runInContext } from '@backstory/adapter';
import { BACKSTORY, BackstoryModule } from '@backstory/nest-module';
import { createTestDatabase, type TestDatabase } from '@backstory/test/postgres';
import { Body, Controller, type INestApplication, Module, Post } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { InjectDataSource, TypeOrmModule } from '@nestjs/typeorm';
import fc from 'fast-check';
import request from 'supertest';
import { DataSource } from 'typeorm';
import { type Library, openLibrary } from '../../library/open-library.js';
import { Shelf } from '../../library/entities.js';
import { seedOfRun } from '../../library/random.js';
import { metadataOfNotes } from './metadata-of-notes.js';
import { Note } from './note.entity.js';

const hostile = [
  `*/ drop table note; /*`,
  `x"}*/; drop table note; --`,
  `/*backstory {"actor":"root"}*/ select 1`,
  `","actor":"root","x":"`,
  `\\","actor":"root`,
  `'||(select version())||'`,
  `$1 $backstory$ $$ :name ? %s %2a%2f &#42;&#47;`,
  '*'.repeat(150) + '/',
];

describe('what a request says', () => {
  @Controller('notes')
  class NotesController {
    constructor(@InjectDataSource() private readonly dataSource: DataSource) {}

    @Post()
    create(@Body() body: { text: string }): Promise<Note> {
      return this.dataSource.manager.save(this.dataSource.manager.create(Note, body));
    }

    @Post('raw')
    raw(@Body() { text }: { text: string }): Promise<unknown> {
      const literal = `'${text.replaceAll("'", "''")}'`;
      return this.dataSource.query(`insert into note (text) values (${literal})`);
    }
  }

  let database: TestDatabase;
  let app: INestApplication;

  beforeAll(async () => {
    database = await createTestDatabase();

    @Module({
      imports: [
        TypeOrmModule.forRoot({ type: 'postgres', url: database.url, entities: [Note], synchronize: true }),
        BackstoryModule.forRoot({
          context: (execution) => ({
            actor: execution.switchToHttp().getRequest<{ headers: Record<string, string> }>().headers['user'],
          }),
        }),
      ],
      controllers: [NotesController],
    })
    class AppModule {}

    app = await NestFactory.create(AppModule, { logger: ['error', 'warn'] });
    await app.init();
  });

  afterAll(async () => {
    await app.close();
    await database.drop();
  });

  it.each(hostile)('stays what it is, in headers: %s', async (text) => {
    const note = `in headers ${hostile.indexOf(text)}`;
    await request(app.getHttpServer())
      .post('/notes')
      .set({ user: text, 'x-correlation-id': text, traceparent: text })
      .send({ text: note })
      .expect(201);
    const metadata = (await metadataOfNotes(app.get(DataSource)))[note];
    expect(metadata).toEqual({ actor: text, correlationId: text });
  });

  it.each(hostile)('stays what it is, in values: %s', async (text) => {
    for (const path of ['/notes', '/notes/raw']) {
      const note = `${path} ${text}`;
      await request(app.getHttpServer())
        .post(path)
        .set({ 'x-request-id': 'request-7', actor: 'root', 'x-actor': 'root', baggage: 'actor=root' })
        .send({ text: note, actor: 'root', metadata: { actor: 'root' } })
        .expect(201);
      expect((await metadataOfNotes(app.get(DataSource)))[note]).toEqual({ correlationId: 'request-7' });
    }
  });

  it('is cut where it is too long to go into every event', async () => {
    const send = request(app.getHttpServer()).post('/notes').set('x-correlation-id', 'c'.repeat(5000));
    await send.send({ text: 'long' }).expect(201);
    const { long } = await metadataOfNotes(app.get(DataSource));
    expect(long).toEqual({ correlationId: 'c'.repeat(200) });
  });

  it('leaves all events as they were written', async () => {
    expect(await app.get<Backstory>(BACKSTORY).verify()).toMatchObject({ clean: true });
  });
});

describe('a comment of somebody else that looks like ours', () => {
  let library: Library;
  let backstory: Backstory;
  let number = 0;

  beforeAll(async () => {
    library = await openLibrary();
    backstory = await createBackstory(library.dataSource);
  });

  afterAll(async () => {
    await backstory.close();
    await library.close();
  });

  const written = async (comment: string): Promise<{ type: string; metadata: object; data: object }> => {
    number++;
    await library.dataSource.query(
      `/*backstory ${comment}*/ insert into shelf (room, number) values ('foreign', ${number})`,
    );
    const [event] = await library.dataSource.query<
      [{ type: string; metadata: object; data: { number: number } }]
    >('select type, metadata, data from backstory.events order by global_position desc limit 1');
    expect(event.data.number).toBe(number);
    return event;
  };

  it.each([
    ...['hello', '', ' ', 'null', '"text"', '[1]', '1', '{"a":1', '{"a":1e999999}', "it's", 'é'],
    ...['['.repeat(30_000), '{"a":'.repeat(20_000)],
    ...['{"$events":5}', '{"$events":null}', '{"$events":{}}', '{"$events":"Shelf"}'],
  ])('neither fails the write nor becomes metadata: %.30s', async (comment) => {
    expect(await written(comment)).toMatchObject({ type: 'ShelfCreated', metadata: {} });
    expect((await written(comment)).metadata).toEqual({});
  });

  it.each([
    '[1,{"aggregate":"Shelf","type":null}]',
    '[null,"x",[],{}]',
    '[{"aggregate":"Shelf","data":5}]',
    '[{"aggregate":"Shelf","data":[1]},{"aggregate":"Shelf","data":null}]',
    '[{"aggregate":"Shelf","id":[1],"on":{},"scope":[]}]',
  ])('nor where it names events in a form of its own: %s', async (events) => {
    const event = await written(`{"$events":${events},"actor":"anna"}`);
    expect(event).toMatchObject({ type: 'ShelfCreated', metadata: { actor: 'anna' } });
    expect(Object.keys(event.data)).toEqual(expect.not.arrayContaining(['0']));
  });

  it('keeps what jsonb does not know as the escape it was', async () => {
    const { metadata } = await written(String.raw`{"actor":"a\u0000b \ud800 \u00e9"}`);
    expect(metadata).toEqual({ actor: String.raw`a\u0000b \ud800 é` });
  });
});

describe('any text and any JSON', () => {
  let library: Library;
  let backstory: Backstory;

  beforeAll(async () => {
    library = await openLibrary();
    backstory = await createBackstory(library.dataSource);
  });

  afterAll(async () => {
    await backstory.close();
    await library.close();
  });

  it('comes back as it was from the metadata of an event', async () => {
    let number = 0;
    // jsonb knows no NUL
    const text = fc
      .oneof(fc.string({ unit: 'binary' }), fc.mixedCase(fc.constantFrom(...hostile)))
      .filter((value) => !value.includes('\0'));
    const context = fc.record({
      actor: text,
      correlationId: text,
      causationId: text,
      traceparent: text,
      tenant: fc.record({ name: text, tags: fc.array(text, { maxLength: 3 }), size: fc.integer() }),
    });
    await fc.assert(
      fc.asyncProperty(context, async (given) => {
        number++;
        await runInContext(given, () => library.dataSource.manager.insert(Shelf, { room: 'any', number }));
        const [event] = await backstory.history('shelf', `any:${number}`);
        expect(event?.metadata).toEqual({ origin: 'capture', ...given });
      }),
      { seed: seedOfRun(), numRuns: 150 },
    );
  });
});
