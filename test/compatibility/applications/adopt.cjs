'use strict';

// An application that has rows, adopts Backstory and ends up loading by replay. It imports nothing of its own, so
// that the same steps run on what CommonJS and what ES modules load.
const assert = require('node:assert/strict');

module.exports = async function adopt({ common, core, nestTypeorm, typeorm, adapter, nestModule }) {
  class Book {}
  typeorm.Entity('book')(Book);
  typeorm.PrimaryGeneratedColumn('identity')(Book.prototype, 'id');
  typeorm.Column({ type: 'text' })(Book.prototype, 'title');
  typeorm.Column({ type: 'numeric', precision: 10, scale: 2 })(Book.prototype, 'price');
  typeorm.Column({ type: 'jsonb', nullable: true })(Book.prototype, 'tags');
  typeorm.CreateDateColumn({ type: 'timestamptz' })(Book.prototype, 'createdAt');
  const connection = { type: 'postgres', url: process.env.DATABASE_URL, entities: [Book], synchronize: true };

  const before = await new typeorm.DataSource(connection).initialize();
  const old = await before.getRepository(Book).save({ title: 'Written before', price: '12.50', tags: null });
  await before.destroy();

  class AppModule {}
  common.Module({
    imports: [
      nestTypeorm.TypeOrmModule.forRoot(connection),
      nestModule.BackstoryModule.forRoot({ install: 'auto', aggregates: 'all' }),
    ],
  })(AppModule);
  const app = await core.NestFactory.create(AppModule, { logger: ['error', 'warn'], abortOnError: false });
  await app.init();

  assert.equal(typeof adapter.createBackstory, 'function');
  assert.equal(nestModule.BACKSTORY, Symbol.for('backstory:Backstory'));
  const backstory = app.get(nestModule.BACKSTORY);
  const books = app.get(nestTypeorm.getDataSourceToken()).getRepository(Book);

  const saved = await books.save({ title: 'Draft', price: '0.10', tags: ['new'] });
  await books.update({ id: saved.id }, { title: 'Written after' });
  const types = (await backstory.history('book', String(saved.id))).map((event) => event.type);
  assert.deepEqual(types, ['BookCreated', 'BookUpdated']);

  await backstory.backfill({ aggregates: 'all' });
  const [first] = await backstory.history('book', String(old.id));
  assert.equal(first.metadata.origin, 'backfill');
  const verification = await backstory.verify({ aggregates: 'all' });
  assert.equal(verification.clean, true, JSON.stringify(verification));

  const rows = await books.find({ order: { id: 'ASC' } });
  await backstory.stages.set('book', 'shadow', { reason: 'compatibility test' });
  await backstory.stages.set('book', 'replay', { reason: 'compatibility test', force: true });
  // A change behind the trigger's back: from here on only a replay still gives the old titles.
  await books.query(
    "DO $$ BEGIN PERFORM set_config('session_replication_role', 'replica', true); UPDATE book SET title = 'x'; END $$",
  );
  for (const row of rows) {
    const replayed = await books.findOneBy({ id: row.id });
    assert.ok(replayed instanceof Book);
    assert.deepEqual(replayed, row);
  }
  await app.close();
};
