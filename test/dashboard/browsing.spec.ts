import { runInContext } from '@backstory/adapter';
import type { Browser, Locator, Page } from 'playwright-core';
import request from 'supertest';
import { Customer } from '../../examples/legacy-app/src/customers/customer.entity.js';
import { Order } from '../../examples/legacy-app/src/orders/order.entity.js';
import { describeInBrowser, launchBrowser, watchPage } from './browser.js';
import { openShopWithDashboard, type ShopWithDashboard } from './shop-with-dashboard.js';

let shop: ShopWithDashboard;

beforeAll(async () => {
  shop = await openShopWithDashboard();
  await shop.backstory.backfill();
});

afterAll(() => shop?.close());

async function write(note: string, actor: string, correlationId: string): Promise<void> {
  await runInContext({ actor, correlationId }, async () => {
    await shop.dataSource.getRepository(Order).update({ id: 1 }, { note });
    await shop.dataSource.getRepository(Customer).update({ id: 2 }, { name: note });
  });
}

describe('asked over HTTP', () => {
  const get = (path: string) => request(shop.app.getHttpServer()).get(`/backstory/api/${path}`);

  it('tells the newest events of all categories, and those of a search', async () => {
    await write('over http', 'ada', 'req-1');
    const { body } = await get('events');
    expect(body.events.slice(0, 2)).toMatchObject([
      { type: 'CustomerUpdated', category: 'customer', streamId: '2', actor: 'ada', kind: 'captured' },
      {
        type: 'OrderUpdated',
        category: 'order',
        values: expect.arrayContaining([{ property: 'note', value: { json: '"over http"' } }]),
      },
    ]);
    expect(body.newest).toBe(body.events[0].globalPosition);
    const found = await get('events?category=order&actor=ada&correlationId=req-1');
    expect(found.body.events).toHaveLength(1);
    expect(found.body).toMatchObject({ complete: true, next: null });
    expect((await get(`events?from=${encodeURIComponent('2100-01-01T00:00:00Z')}`)).body.events).toEqual([]);
  });

  it('tells the story of a correlation in order', async () => {
    const { body } = await get('correlation?id=req-1');
    expect(body.events.map(({ type }: { type: string }) => type)).toEqual([
      'OrderUpdated',
      'CustomerUpdated',
    ]);
    expect(body.index.sql).toMatch(/^create index concurrently events_correlation on "backstory"\.events/);
  });

  it.each([
    ['events?categroy=order', 400],
    ['events?category=a&category=b', 400],
    ['events?before=x', 400],
    ['events?from=yesterday', 400],
    ['events?category=nothing', 404],
    ['correlation', 400],
    ['correlation?id=x&look=many', 400],
  ])('answers no question that it does not understand: %s', async (path, status) => {
    expect((await get(path)).status).toBe(status);
  });
});

describeInBrowser('who browses', () => {
  let browser: Browser;
  let page: Page;
  let faults: string[];

  beforeAll(async () => {
    browser = await launchBrowser();
    page = await (await browser.newContext({ locale: 'de-DE', timezoneId: 'Asia/Tokyo' })).newPage();
    faults = await watchPage(page, shop.origin);
  });

  afterAll(() => browser?.close());
  afterEach(() => expect(faults.splice(0)).toEqual([]));

  const open = async (hash: string): Promise<void> => {
    await page.goto('about:blank');
    await page.goto(`${shop.origin}/backstory#/${hash}`);
  };
  const events = () => page.getByRole('list', { name: 'Events', exact: true }).getByRole('article');

  it('sees events appear while they are written, with what they say', async () => {
    await open('browse');
    await events().first().waitFor();
    await write('live', 'grace', 'req-2');
    const newest = page.getByRole('article', { name: 'CustomerUpdated of customer-2' }).first();
    await newest.getByText('grace').waitFor();
    await newest.locator('summary').click();
    expect(await newest.getByRole('row', { name: /^name/ }).textContent()).toContain('"live"');
    expect(await newest.locator('details time').textContent()).toMatch(/\d{4}, \d\d:\d\d:\d\d (GMT\+9|JST)/);
    expect(new Set(await events().allTextContents()).size).toBe(await events().count());
  });

  it('stops that, and goes on', async () => {
    const before = await events().count();
    await page.getByLabel('Live: new events appear by themselves').uncheck();
    await write('not seen', 'grace', 'req-3');
    await new Promise((resolve) => setTimeout(resolve, 3_000));
    expect(await events().count()).toBe(before);
    await page.getByLabel('Live: new events appear by themselves').check();
    await page.getByRole('link', { name: 'req-3' }).first().waitFor();
  });

  it('searches, has the search in the address, and follows a correlation over its streams', async () => {
    await page.getByLabel('Actor').fill('ada');
    await page.getByLabel('Category').fill('order');
    await page.getByRole('button', { name: 'Find' }).click();
    await page.getByText('1 event is like that, and no others.').waitFor();
    expect(page.url()).toContain('#/browse?actor=ada&category=order');
    await events().getByRole('link', { name: 'req-1' }).click();
    await page.getByRole('heading', { name: 'Correlation req-1' }).waitFor();
    const story = page.getByRole('list', { name: 'Events of the correlation' }).getByRole('article');
    await story.first().waitFor();
    expect(await labels(story)).toEqual(['OrderUpdated of order-1', 'CustomerUpdated of customer-2']);
    await page.getByText('2 events in 2 streams.').waitFor();
    await story.first().getByRole('link', { name: 'order-1' }).click();
    const asked = page.locator('.timeline > [aria-current]');
    await asked.getByText('"over http"').waitFor();
    await page.goBack();
    await page.goBack();
    await page.getByText('1 event is like that, and no others.').waitFor();
    expect(await page.getByLabel('Actor').inputValue()).toBe('ada');
  });

  it('is told how far a search has looked, and searches on', async () => {
    await shop.dataSource
      .query(`insert into backstory.events (stream_position, change, category, stream_id, type, data, metadata)
      select 1, 'c', 'order', 'many-' || g, 'OrderCreated', '{"id":1}', '{"actor":"job"}' from generate_series(1, 10100) g`);
    await open('browse?actor=ada');
    const status = page.getByRole('status').filter({ hasText: 'Looked' });
    await status.waitFor();
    expect(await status.textContent()).toBe(
      'Looked through the newest 10,000 events: 0 events are like that. Older events were not looked at.',
    );
    await page.getByText('Find all events of an actor at once').click();
    await page.getByText('create index concurrently events_actor').waitFor();
    await page.getByRole('button', { name: 'Search further back' }).click();
    await page.getByText('2 events are like that, and no others.').waitFor();
    expect(await events().count()).toBe(2);
  });

  it('goes through pages, each event once', async () => {
    await open('browse');
    await page.getByText('The newest 50 events.').waitFor();
    await page.getByRole('button', { name: 'Show older events' }).click();
    await page.getByText('The newest 100 events.').waitFor();
    expect(await events().count()).toBe(100);
    expect(new Set(await labels(events())).size).toBe(100);
  });

  it('goes from a parked event to its stream, and back', async () => {
    shop.mailFailure = 'no such mailbox';
    await shop.dataSource.getRepository(Customer).update({ id: 4 }, { name: 'Fourth' });
    await open('consumers');
    await page
      .getByRole('region', { name: 'Parked by mailer' })
      .getByRole('link', { name: 'customer-4' })
      .click();
    const asked = page.locator('.timeline > [aria-current]');
    await asked.getByText(/Parked by mailer: .*no such mailbox/).waitFor();
    await page.getByRole('link', { name: 'what is parked by mailer' }).click();
    await page.getByRole('region', { name: 'Parked by mailer' }).getByText('no such mailbox').waitFor();
    shop.mailFailure = undefined;
  });
});

async function labels(articles: Locator): Promise<(string | null)[]> {
  return Promise.all((await articles.all()).map((each) => each.getAttribute('aria-label')));
}
