'use strict';

// An application with one entity. It imports nothing of its own, so that it is the same on what CommonJS and what
// ES modules load.
module.exports = function application({ common, cqrs, nestTypeorm, terminus, typeorm, nestModule }) {
  class BookRetitled {
    constructor(title) {
      this.title = title;
    }
  }

  class Book extends cqrs.AggregateRoot {
    retitle(title) {
      this.apply(new BookRetitled(title));
    }
    onBookRetitled({ title }) {
      this.title = title;
    }
  }
  typeorm.Entity('book')(Book);
  typeorm.PrimaryGeneratedColumn('identity')(Book.prototype, 'id');
  typeorm.Column({ type: 'text' })(Book.prototype, 'title');
  typeorm.Column({ type: 'numeric', precision: 10, scale: 2 })(Book.prototype, 'price');
  typeorm.Column({ type: 'jsonb', nullable: true })(Book.prototype, 'tags');
  typeorm.CreateDateColumn({ type: 'timestamptz' })(Book.prototype, 'createdAt');
  const connection = { type: 'postgres', url: process.env.DATABASE_URL, entities: [Book], synchronize: true };

  class HealthController {
    constructor(health, indicator) {
      this.check = () => health.check([() => indicator.check('backstory', { maxDrifted: 0 })]);
    }
    ready() {
      return this.check();
    }
  }
  common.Inject(terminus.HealthCheckService)(HealthController, undefined, 0);
  common.Inject(nestModule.BackstoryHealthIndicator)(HealthController, undefined, 1);
  common.Get('health')(
    HealthController.prototype,
    'ready',
    Object.getOwnPropertyDescriptor(HealthController.prototype, 'ready'),
  );
  common.Controller()(HealthController);

  class BooksController {
    constructor(backstory) {
      this.backstory = backstory;
    }
    retitle(id, title, once) {
      return this.backstory.handle(Book, id, (book) => book.retitle(title), once);
    }
  }
  common.Inject(nestModule.BACKSTORY)(BooksController, undefined, 0);
  common.Param('id')(BooksController.prototype, 'retitle', 0);
  common.Param('title')(BooksController.prototype, 'retitle', 1);
  nestModule.IdempotencyKey({ scope: () => 'anybody' })(BooksController.prototype, 'retitle', 2);
  common.Post('books/:id/retitle/:title')(
    BooksController.prototype,
    'retitle',
    Object.getOwnPropertyDescriptor(BooksController.prototype, 'retitle'),
  );
  common.Controller()(BooksController);

  const published = [];
  class Listener {
    handle(event) {
      published.push(event);
    }
  }
  cqrs.EventsHandler(BookRetitled)(Listener);

  class AppModule {}
  common.Module({
    imports: [
      terminus.TerminusModule,
      // forRoot() since 11
      cqrs.CqrsModule.forRoot?.() ?? cqrs.CqrsModule,
      nestTypeorm.TypeOrmModule.forRoot(connection),
      nestModule.BackstoryModule.forRoot({
        install: 'auto',
        aggregates: 'all',
        cqrs: { events: [BookRetitled] },
      }),
      nestModule.BackstoryDashboardModule.forRoot({ authorize: () => true }),
    ],
    controllers: [HealthController, BooksController],
    providers: [Listener],
  })(AppModule);
  return { AppModule, Book, BookRetitled, connection, published };
};
