import 'reflect-metadata';
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Backstory } from '@backstory/adapter';
import { BACKSTORY } from '@backstory/nest-module';
import { createTestDatabase, startPostgres } from '@backstory/test/postgres';
import { AppModule } from '../app.module.js';
import { ShopWithBackstoryModule } from '../backstory/shop-with-backstory.module.js';
import { Order } from '../orders/order.entity.js';
import { seedShop } from '../seed/seed-shop.js';
import { addedLatency } from './added-latency.js';
import { corruptEvent } from './corrupt-event.js';
import { deployMigrations } from './deploy-migrations.js';
import { forgetCustomer } from './forget-customer.js';
import { fulfilOrders } from './fulfil-orders.js';
import { redeemCoupons } from './redeem-coupons.js';
import { RunningShop } from './running-shop.js';
import { Story } from './story.js';

const keep = process.argv.includes('--keep');
const thousands = (n: number): string => n.toLocaleString('en');

async function main(): Promise<void> {
  // of save([...]), which TypeORM sends as statements at once on one connection: pg deprecates that
  process.noDeprecation = true;
  // the dashboard is closed outside of development
  process.env['NODE_ENV'] ??= 'development';
  const story = new Story();
  const server = await startPostgres();
  const database = await createTestDatabase({ serverUrl: server.url });
  process.env['DATABASE_URL'] = database.url;

  story.chapter('A shop that somebody has run for years');
  story.say(
    `PostgreSQL ${server.started ? 'started for this demo' : 'from DATABASE_URL'}, database ${database.name}.`,
  );
  let rows: Record<string, number> = {};
  const untouched = await RunningShop.open(
    AppModule,
    async (dataSource) => (rows = await seedShop(dataSource)),
  );
  story.say(
    `${thousands(total(rows))} rows, ${thousands(rows['order'] ?? 0)} of them orders. It writes with save(), update(),`,
  );
  story.say('query builders, raw SQL and cascades. Customers are at the door from now on, all the time.');
  await sleep(3_000);

  story.chapter('Capture: a new instance with Backstory starts beside the old one');
  const shop = await RunningShop.open(ShopWithBackstoryModule);
  const backstory = shop.app.get<Backstory>(BACKSTORY);
  story.say(
    'Both run for a while, as in a rolling deployment. The old one does not know of Backstory, but its',
  );
  story.say('writes are captured as well: PostgreSQL itself writes the event, in the same transaction.');
  await sleep(2_000);
  const before = await untouched.close();
  story.say(`The old instance has stopped, after ${thousands(before.requests)} requests.`);
  const [log] = await shop.dataSource.query<{ end: string }[]>(
    `SELECT coalesce(max(global_position), 0)::text AS end FROM backstory.events`,
  );

  story.chapter('Backfill: a first event for every row that was there before');
  const [backfilled] = await Promise.all([
    backstory.backfill({
      onProgress: ({ category, rows: seen, events, rowsPerSecond, completed }) => {
        if (completed)
          story.say(
            `${category.padEnd(14)} ${thousands(seen).padStart(7)} rows, ${thousands(events).padStart(7)} first events, ${thousands(rowsPerSecond)} rows/s`,
          );
      },
    }),
  ]);
  story.promise(
    backfilled.every(({ completed }) => completed),
    'complete, while the shop went on writing',
  );

  story.chapter('Verify: does replaying the events give the tables?');
  const verified = await backstory.verify();
  story.promise(
    verified.clean,
    `${thousands(sum(verified.aggregates.map((a) => a.rows)))} rows compared with ${thousands(sum(verified.aggregates.map((a) => a.streams)))} streams in one snapshot each, drift: ${sum(verified.aggregates.map((a) => a.drifted))}`,
  );
  const latency = await addedLatency(shop.dataSource);

  story.chapter('Shadow: orders are read from the table and, in the background, compared with their replay');
  await backstory.stages.set('order', 'shadow', { by: 'demo', reason: 'backfilled and verified' });
  const shadow = await shadowReads(backstory, 300);
  story.promise(
    shadow.drifted === 0 && shadow.compared >= 300,
    `${thousands(shadow.compared)} shadow reads compared, drift: ${shadow.drifted}`,
  );

  story.chapter('Replay: the same repositories now return orders made from their events');
  await backstory.stages.set('order', 'replay', {
    by: 'demo',
    reason: `${shadow.compared} clean shadow reads`,
  });
  await sleep(3_000);
  await tellHistory(story, shop, backstory);

  story.chapter('Commands: shipping an order and redeeming a coupon say what happens, and the table follows');
  await fulfilOrders(story, shop, backstory);
  await redeemCoupons(story, shop, backstory, log?.end ?? '0');

  story.chapter('A deployment: migrations change captured tables, in the middle of all this');
  await deploy(story, shop, backstory, database.url);

  story.chapter('One rollback: back to the table, at once and for all instances');
  await backstory.stages.set('order', 'capture', { by: 'demo', reason: 'to show that it can be done' });
  await sleep(1_000);
  for (const { from, to, reason } of await backstory.stages.history('order'))
    story.say(`${from ?? '-'} → ${to} (${reason})`);

  story.chapter('A customer asks to be forgotten');
  await forgetCustomer(story, shop.dataSource, backstory);

  story.chapter('Somebody with too many rights changes an event');
  const digest = join(mkdtempSync(join(tmpdir(), 'backstory-demo-')), 'digests.jsonl');
  await backstory.seals.seal({ digest });
  const victim = await corruptEvent(shop.dataSource);
  const { differences } = await backstory.seals.verify({ digest });
  story.promise(
    differences.length === 1 && differences[0]?.event?.startsWith(`order-${victim}@`) === true,
    `the seal of a minute ago tells which: ${differences[0]?.event}, ${differences[0]?.problem}`,
  );
  const found = await backstory.verify({ aggregates: ['order'] });
  const drifts = found.aggregates.flatMap(({ drift }) => drift);
  story.promise(
    drifts.length === 1 && drifts[0]?.streamId === victim,
    `verify finds it: order-${victim}, ${JSON.stringify(drifts[0]?.properties)}`,
  );
  await backstory.repair({ aggregates: ['order'], by: 'demo', reason: 'an event was changed by hand' });
  const settled = await backstory.verify();
  story.promise(
    settled.clean,
    'repair appends a correction; no event was rewritten, and verify is clean again',
  );

  const after = keep ? shop.soFar() : shop.soFar();
  const failures = [...before.failures, ...after.failures];
  story.promise(
    failures.length === 0,
    `${thousands(before.requests + after.requests)} requests over HTTP all the while, failed: ${failures.length}`,
  );
  for (const { route, message } of failures.slice(0, 3)) story.say(`${route}: ${message}`);

  const [events] = await shop.dataSource.query<{ count: number; bytes: number }[]>(
    `SELECT count(*)::int AS count, (pg_total_relation_size('backstory.events') / count(*))::int AS bytes FROM backstory.events`,
  );
  story.summary({
    'rows in the tables': thousands(sum(settled.aggregates.map((a) => a.rows))),
    events: thousands(events?.count ?? 0),
    'bytes per event': `${events?.bytes} (with all indexes)`,
    'latency of one write': `${latency.plainMs.toFixed(2)} ms without capture, ${latency.capturedMs.toFixed(2)} ms with (+${(latency.capturedMs - latency.plainMs).toFixed(2)} ms, median of 300, under traffic)`,
    'shadow comparisons': thousands(shadow.compared),
    'drift found': `${shadow.drifted + sum(verified.aggregates.map((a) => a.drifted))}, and the one that was planted`,
  });
  process.exitCode = story.everythingHeld ? 0 : 1;

  if (keep) {
    process.stdout.write(
      `\nThe shop goes on: ${shop.url}/orders\nDatabase: ${database.url}\nPress Ctrl-C to stop it.\n`,
    );
    await new Promise((resolve) => process.once('SIGINT', resolve).once('SIGTERM', resolve));
  }
  await shop.close();
  await database.drop();
  await server.stop();
}

async function shadowReads(
  backstory: Backstory,
  atLeast: number,
): Promise<{ compared: number; drifted: number }> {
  const deadline = Date.now() + 30_000;
  for (;;) {
    const order = (await backstory.status()).find(({ category }) => category === 'order');
    const reads = order?.shadow ?? { compared: 0, drifted: 0 };
    if (reads.compared >= atLeast || Date.now() > deadline) return reads;
    await sleep(200);
  }
}

/** The tables change under the feet of the running shop: a captured table gets a column, and a captured column another type. */
async function deploy(
  story: Story,
  shop: RunningShop,
  backstory: Backstory,
  databaseUrl: string,
): Promise<void> {
  const before = shop.soFar();
  const migrations = await deployMigrations(databaseUrl);
  await sleep(2_000);
  const after = shop.soFar();
  story.say(`${migrations.join(' and ')} have run, as from TypeORM's command line.`);
  story.say('Orders have one column more, and loyalty points are numeric: they were bigint.');
  const failed = after.failures.length - before.failures.length;
  story.promise(
    failed === 0,
    `${thousands(after.requests - before.requests)} requests during the migrations and right after them, failed: ${failed}`,
  );
  const { clean, aggregates } = await backstory.verify();
  story.promise(
    clean,
    `capture was renewed in the migrations' own transactions; verify of the new tables, drift: ${sum(aggregates.map((a) => a.drifted))}`,
  );
}

/** One order as an operator would look at it. */
async function tellHistory(story: Story, shop: RunningShop, backstory: Backstory): Promise<void> {
  const [order] = await shop.dataSource
    .getRepository(Order)
    .find({ where: { note: 'measured 250' }, take: 1 });
  if (!order) return;
  await fetch(`${shop.url}/orders/${order.id}/note`, {
    method: 'PUT',
    headers: { 'content-type': 'application/json', 'x-user': 'anna' },
    body: JSON.stringify({ note: 'Please ring twice' }),
  });
  const history = await backstory.history('order', String(order.id));
  story.say(`Order ${order.number} has ${history.length} events; the first and the last:`);
  for (const event of [history[0], history.at(-1)]) {
    if (!event) continue;
    const { streamPosition, type, metadata, data } = event;
    story.say(
      `  ${streamPosition} ${type} by ${metadata.actor ?? metadata.origin}: ${Object.keys(data).join(', ')}`,
    );
  }
  const now = await backstory.load(Order, String(order.id));
  const then = await backstory.load(Order, String(order.id), { version: history.length - 1 });
  story.promise(
    now?.note === 'Please ring twice' && then?.note !== now.note,
    `its note now: "${now?.note}", one event ago: "${then?.note}"`,
  );
}

const sum = (numbers: number[]): number => numbers.reduce((one, other) => one + other, 0);
const total = (counts: Record<string, number>): number => sum(Object.values(counts));

main().catch((error: unknown) => {
  process.stderr.write(`${String((error as Error).stack)}\n`);
  process.exit(1);
});
