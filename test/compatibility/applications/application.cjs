'use strict';

// An application with one entity. It imports nothing of its own, so that it is the same on what CommonJS and what
// ES modules load.
module.exports = function application({ common, nestTypeorm, terminus, typeorm, nestModule }) {
  class Book {}
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

  class AppModule {}
  common.Module({
    imports: [
      terminus.TerminusModule,
      nestTypeorm.TypeOrmModule.forRoot(connection),
      nestModule.BackstoryModule.forRoot({ install: 'auto', aggregates: 'all' }),
      nestModule.BackstoryDashboardModule.forRoot({ authorize: () => true }),
    ],
    controllers: [HealthController],
  })(AppModule);
  return { AppModule, Book, connection };
};
