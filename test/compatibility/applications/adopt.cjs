'use strict';

// An application that has rows, adopts Backstory and ends up loading by replay; its rows have drifted by then.
const assert = require('node:assert/strict');
const application = require('./application.cjs');

module.exports = async function adopt({
  common,
  core,
  cqrs,
  nestTypeorm,
  terminus,
  typeorm,
  adapter,
  nestModule,
}) {
  const { AppModule, Book, BookRetitled, connection, published } = application({
    common,
    cqrs,
    nestTypeorm,
    terminus,
    typeorm,
    nestModule,
  });

  const before = await new typeorm.DataSource(connection).initialize();
  const old = await before.getRepository(Book).save({ title: 'Written before', price: '12.50', tags: null });
  await before.destroy();

  await refuseWrongWiring({ common, core, nestTypeorm, nestModule, connection });

  const app = await core.NestFactory.create(AppModule, { logger: ['error', 'warn'], abortOnError: false });
  await app.listen(0, '127.0.0.1');

  assert.equal(typeof adapter.createBackstory, 'function');
  const backstory = app.get(nestModule.BACKSTORY);
  const books = app.get(nestTypeorm.getDataSourceToken()).getRepository(Book);

  const saved = await books.save({ title: 'Draft', price: '0.10', tags: ['new'] });
  await books.update({ id: saved.id }, { title: 'Written after' });
  const types = (await backstory.history('book', String(saved.id))).map((event) => event.type);
  assert.deepEqual(types, ['BookCreated', 'BookUpdated']);

  const origin = `http://127.0.0.1:${app.getHttpServer().address().port}`;
  for (let turn = 0; turn < 2; turn++) {
    const answer = await post(`${origin}/books/${saved.id}/retitle/First`, 'key-1');
    assert.deepEqual([answer.status, (await answer.json()).title], [201, 'First']);
    if (turn === 0) await post(`${origin}/books/${saved.id}/retitle/Second`, 'key-2');
  }
  assert.equal((await post(`${origin}/books/${saved.id}/retitle/First?other`, 'key-1')).status, 422);
  assert.equal((await post(`${origin}/books/${saved.id}/retitle/First`)).status, 400);
  assert.equal((await books.findOneBy({ id: saved.id })).title, 'Second');
  await backstory.consumers.wait('cqrs');
  assert.deepEqual(
    published.map((event) => [event instanceof BookRetitled, event.title]),
    [
      [true, 'First'],
      [true, 'Second'],
    ],
  );

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
  await look(`${origin}/backstory`);
  assert.equal((await fetch(`${origin}/health`)).status, 200);
  await backstory.verify({ aggregates: 'all' });
  const down = await fetch(`${origin}/health`);
  assert.equal(down.status, 503);
  assert.equal((await down.json()).error.backstory.status, 'down');
  await app.close();
};

/** What Nest does with an optional dependency that is missing differs by its version. */
async function refuseWrongWiring({ common, core, nestTypeorm, nestModule, connection }) {
  const { BackstoryModule, BackstoryDashboardModule } = nestModule;
  const unreachable = { type: 'postgres', url: 'postgres://127.0.0.1:1/none', retryAttempts: 1 };
  const typeorm = () => nestTypeorm.TypeOrmModule.forRoot({ ...connection, entities: [] });
  const starts = [
    ['MODULE_MISSING', [typeorm(), BackstoryModule.forFeature(['Book'])]],
    ['MODULE_MISSING', [typeorm(), BackstoryDashboardModule.forRoot()]],
    ['MODULE_TWICE', [typeorm(), BackstoryModule.forRoot(), BackstoryModule.forRoot({ aggregates: 'all' })]],
    ['DATA_SOURCE_UNKNOWN', [BackstoryModule.forRoot()]],
    ['DATA_SOURCE_UNKNOWN', [typeorm(), BackstoryModule.forRoot({ dataSource: 'audit' })]],
    ['ECONNREFUSED', [BackstoryModule.forRoot(), nestTypeorm.TypeOrmModule.forRoot(unreachable)]],
  ];
  for (const [code, imports] of starts) {
    class Root {}
    common.Module({ imports })(Root);
    const quiet = { logger: false, abortOnError: false };
    await assert.rejects(core.NestFactory.createApplicationContext(Root, quiet), { code });
  }
}

/** @param {string} url @param {string} [key] */
function post(url, key) {
  return fetch(url, { method: 'POST', headers: key ? { 'idempotency-key': key } : {} });
}

/** @param {string} dashboard */
async function look(dashboard) {
  const page = await fetch(dashboard);
  assert.equal(page.status, 200);
  assert.match(await page.text(), /src="backstory\/assets\/dashboard\.js"/);
  assert.equal((await fetch(`${dashboard}/assets/dashboard.js`)).status, 200);
  const overview = await (await fetch(`${dashboard}/api/overview`)).json();
  assert.deepEqual(
    overview.aggregates.map((each) => [each.name, each.stage]),
    [['book', 'replay']],
  );
  const refused = await fetch(`${dashboard}/api/stage`, { method: 'POST' });
  assert.equal(refused.status, 403);
}
