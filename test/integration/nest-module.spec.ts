import { Backstory } from '@backstory/adapter';
import {
  BACKSTORY,
  BackstoryModule,
  EmitsEvent,
  EventSourced,
  getBackstoryToken,
  InjectBackstory,
} from '@backstory/nest-module';
import { createTestDatabase, type TestDatabase } from '@backstory/test/postgres';
import {
  Body,
  type CanActivate,
  Controller,
  type DynamicModule,
  type ExecutionContext,
  Get,
  type INestApplication,
  Injectable,
  Module,
  Param,
  Post,
  UseGuards,
} from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { InjectRepository, TypeOrmModule } from '@nestjs/typeorm';
import request from 'supertest';
import { Column, DataSource, Entity, PrimaryGeneratedColumn, Repository } from 'typeorm';

@Entity()
@EventSourced<User>({
  category: 'member',
  exclude: ['password'],
  events: [{ type: 'UserMadeAdmin', when: { became: { name: 'admin' } } }],
})
class User {
  @PrimaryGeneratedColumn()
  id: number;

  @Column({ type: 'text' })
  name: string;

  @Column({ type: 'text', default: 'secret' })
  password: string;
}

@Entity()
class Visit {
  @PrimaryGeneratedColumn()
  id: number;

  @Column({ type: 'text' })
  page: string;
}

@Injectable()
class Login implements CanActivate {
  canActivate(context: ExecutionContext): boolean {
    const http = context.switchToHttp().getRequest<{ user?: string; headers: Record<string, string> }>();
    http.user = http.headers['authorization'] ?? 'nobody';
    return true;
  }
}

@Controller('users')
class UsersController {
  constructor(
    @InjectRepository(User) private readonly users: Repository<User>,
    @InjectBackstory() private readonly backstory: Backstory,
  ) {}

  @Post()
  @UseGuards(Login)
  create(@Body() body: { name: string }): Promise<User> {
    return this.users.save(this.users.create(body));
  }

  @Post(':id/rename/:name')
  @EmitsEvent('UserRenamed', {
    aggregate: User,
    id: (id: string) => id,
    data: (_id: string, name: string) => ({ wish: name }),
  })
  async rename(@Param('id') id: string, @Param('name') name: string): Promise<void> {
    await this.users.update(id, { name });
    await this.users.query(`update "user" set name = name || '!' where id = $1`, [id]);
  }

  @Get(':id/history')
  history(@Param('id') id: string): Promise<unknown> {
    return this.backstory.history('member', id);
  }
}

describe('BackstoryModule', () => {
  let database: TestDatabase;
  let app: INestApplication | undefined;

  beforeEach(async () => {
    database = await createTestDatabase();
  });

  afterEach(async () => {
    await app?.close();
    app = undefined;
    await database.drop();
  });

  async function start(backstory: DynamicModule, ...features: DynamicModule[]): Promise<INestApplication> {
    @Module({
      imports: [
        TypeOrmModule.forRoot({
          type: 'postgres',
          url: database.url,
          entities: [User, Visit],
          synchronize: true,
          retryAttempts: 0,
        }),
        TypeOrmModule.forFeature([User, Visit]),
        backstory,
        ...features,
      ],
      controllers: [UsersController],
    })
    class AppModule {}
    app = await NestFactory.create(AppModule, { logger: ['error', 'warn'], abortOnError: false });
    return app;
  }

  it('captures what is written after create() and before listen()', async () => {
    const created = await start(BackstoryModule.forRoot());
    await created.get(DataSource).manager.insert(Visit, { page: 'early' });
    const backstory = created.get<Backstory>(BACKSTORY);
    expect(await backstory.history('visit', '1')).toMatchObject([
      { type: 'VisitCreated', data: { page: 'early' } },
    ]);
  });

  it('takes the context from the request: ids from headers, the actor from where the application keeps it', async () => {
    const context = (execution: ExecutionContext): { actor: string | undefined } => ({
      actor: execution.switchToHttp().getRequest<{ user?: string }>().user,
    });
    const created = await start(
      BackstoryModule.forRootAsync({ useFactory: () => ({ context }) }),
      BackstoryModule.forFeature([User]),
    );
    await created.init();
    await request(created.getHttpServer())
      .post('/users')
      .set({
        authorization: 'anna',
        'x-correlation-id': 'request-7',
        traceparent: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01',
      })
      .send({ name: 'Ben' })
      .expect(201);
    const { body } = await request(created.getHttpServer()).get('/users/1/history').expect(200);
    expect(body).toMatchObject([
      {
        category: 'member',
        type: 'UserCreated',
        data: { id: 1, name: 'Ben' },
        metadata: {
          origin: 'capture',
          actor: 'anna',
          correlationId: 'request-7',
          traceparent: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01',
        },
      },
    ]);
    expect(body[0].data).not.toHaveProperty('password');
    // every request has an id, also where nobody sent one
    await request(created.getHttpServer()).post('/users').send({ name: 'Carl' }).expect(201);
    const [second] = await created.get<Backstory>(BACKSTORY).history('member', '2');
    expect(second?.metadata).toMatchObject({
      actor: 'nobody',
      correlationId: expect.stringMatching(/^[0-9a-f-]{36}$/),
    });
  });

  it('names events by rules beside the entity and by @EmitsEvent on a method', async () => {
    const created = await start(BackstoryModule.forRoot(), BackstoryModule.forFeature([User]));
    await created.init();
    const server = created.getHttpServer();
    await request(server).post('/users').send({ name: 'Ben' }).expect(201);
    await request(server).post('/users/1/rename/Bert').expect(201);
    await created.get(DataSource).manager.update(User, 1, { name: 'admin' });
    const history = await created.get<Backstory>(BACKSTORY).history('member', '1');
    expect(history.map(({ type }) => type)).toEqual([
      'UserCreated',
      'UserRenamed',
      'UserUpdated',
      'UserMadeAdmin',
    ]);
    expect(history[1]?.data).toEqual({ name: 'Bert', wish: 'Bert' });
  });

  it('captures the entities of forFeature alone where forRoot names none, with what @EventSourced says', async () => {
    const created = await start(BackstoryModule.forRoot(), BackstoryModule.forFeature([User]));
    const status = await created.get<Backstory>(BACKSTORY).status();
    expect(status.map(({ category }) => category)).toEqual(['member']);
  });

  it('refuses to start with an error that says what to do', async () => {
    await expect(start(BackstoryModule.forRoot({ aggregates: ['Usr'] }))).rejects.toMatchObject({
      code: 'UNKNOWN_ENTITY',
    });
  });

  it('works on a DataSource with a name', async () => {
    @Module({
      imports: [
        TypeOrmModule.forRoot({
          name: 'shop',
          type: 'postgres',
          url: database.url,
          entities: [User, Visit],
          synchronize: true,
        }),
        BackstoryModule.forRoot({ dataSource: 'shop', aggregates: [Visit] }),
      ],
    })
    class NamedModule {}
    app = await NestFactory.create(NamedModule, { logger: ['error', 'warn'] });
    expect(await app.get<Backstory>(getBackstoryToken('shop')).status()).toMatchObject([
      { category: 'visit', stage: 'capture' },
    ]);
  });

  it('closes with the application, without a word', async () => {
    const write = jest.spyOn(process.stderr, 'write').mockReturnValue(true);
    const created = await start(BackstoryModule.forRoot({ stagePollMs: 10 }));
    await created.init();
    await created.close();
    await new Promise((resolve) => setTimeout(resolve, 60));
    expect(write.mock.calls.join('')).toBe('');
    app = undefined;
  });
});
