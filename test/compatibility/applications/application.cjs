'use strict';

// An application with one entity. It imports nothing of its own, so that it is the same on what CommonJS and what
// ES modules load.
module.exports = function application({ common, nestTypeorm, typeorm, nestModule }) {
  class Book {}
  typeorm.Entity('book')(Book);
  typeorm.PrimaryGeneratedColumn('identity')(Book.prototype, 'id');
  typeorm.Column({ type: 'text' })(Book.prototype, 'title');
  typeorm.Column({ type: 'numeric', precision: 10, scale: 2 })(Book.prototype, 'price');
  typeorm.Column({ type: 'jsonb', nullable: true })(Book.prototype, 'tags');
  typeorm.CreateDateColumn({ type: 'timestamptz' })(Book.prototype, 'createdAt');
  const connection = { type: 'postgres', url: process.env.DATABASE_URL, entities: [Book], synchronize: true };

  class AppModule {}
  common.Module({
    imports: [
      nestTypeorm.TypeOrmModule.forRoot(connection),
      nestModule.BackstoryModule.forRoot({ install: 'auto', aggregates: 'all' }),
      nestModule.BackstoryDashboardModule.forRoot({ authorize: () => true }),
    ],
  })(AppModule);
  return { AppModule, Book, connection };
};
