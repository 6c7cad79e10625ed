import { runInContext } from '@backstory/adapter';
import type { Browser, Page } from 'playwright-core';
import request from 'supertest';
import { Order } from '../../examples/legacy-app/src/orders/order.entity.js';
import { describeInBrowser, launchBrowser, watchPage } from './browser.js';
import { openShopWithDashboard, type ShopWithDashboard } from './shop-with-dashboard.js';

const reason = 'older than ten years';
let shop: ShopWithDashboard;

/** Order 7 is purged, and so is order 8, which has begun anew since; order 9 is deleted as ever. */
beforeAll(async () => {
  shop = await openShopWithDashboard();
  const { backstory, dataSource } = shop;
  await backstory.backfill();
  const orders = dataSource.getRepository(Order);
  await orders.update({ id: 7 }, { note: 'its last words' });
  await runInContext({ actor: 'ops@shop.example', correlationId: 'purge-1' }, () =>
    backstory.untracked(Order, { reason }, (manager) => manager.delete(Order, [7, 8])),
  );
  await backstory.restore(Order, '8', { version: 1, by: 'ada', reason: 'still needed' });
  await orders.delete({ id: 9 });
});

afterAll(() => shop?.close());

describe('a purged stream, asked for over HTTP', () => {
  const get = async (path: string): Promise<request.Response['body']> =>
    (await request(shop.app.getHttpServer()).get(`/backstory/api/${path}`).expect(200)).body;

  it('has the end that its history has', async () => {
    const told = await shop.backstory.history('order', '7');
    const { position, events, problem } = await get('stream?aggregate=order&id=7');
    expect(problem).toBeNull();
    expect(position).toBe(told.length);
    expect(events[0]).toMatchObject({
      type: 'OrderDeleted',
      change: 'deleted',
      kind: 'correction',
      streamPosition: told.length,
      globalPosition: told.at(-1)?.globalPosition,
      recordedAt: told.at(-1)?.recordedAt.toISOString(),
    });
    expect(events[0].changes).toContainEqual({
      property: 'note',
      before: { json: '"its last words"' },
      after: null,
    });
    const older = await get(`stream?aggregate=order&id=7&before=${position}`);
    expect(older).toMatchObject({ position, events: events.slice(1) });
  });

  it('is there at its last event and gone at its end', async () => {
    const { position } = await get('stream?aggregate=order&id=7');
    const state = (version: number) => get(`state?aggregate=order&id=7&version=${version}`);
    expect((await state(position - 1)).properties).toContainEqual({
      property: 'note',
      value: { json: '"its last words"' },
    });
    expect((await state(position)).properties).toBeNull();
    const differences = await get(`differences?aggregate=order&id=7&from=${position - 1}&to=${position}`);
    expect(differences).toContainEqual(expect.objectContaining({ property: 'note', after: null }));
    expect(await shop.backstory.load(Order, '7', { version: position })).toBeNull();
    expect(await shop.backstory.load(Order, '7', { version: position - 1 })).toMatchObject({ id: 7 });
  });

  it('is found as one that is deleted, as others are, until it begins anew', async () => {
    for (const [id, deleted] of [
      ['7', true],
      ['8', false],
      ['9', true],
      ['10', false],
    ] as const) {
      expect(await get(`streams?aggregate=order&id=${id}`)).toContainEqual({
        category: 'order',
        streamId: id,
        deleted,
      });
      expect(await get(`streams?id=${id}`)).toContainEqual({ category: 'order', streamId: id, deleted });
    }
  });

  it('has its end among the events of its id', async () => {
    for (const search of ['category=order&streamId=7', 'streamId=7&actor=ops@shop.example']) {
      const { events } = await get(`events?${search}`);
      expect(events[0]).toMatchObject({ type: 'OrderDeleted', streamId: '7', actor: 'ops@shop.example' });
    }
    const anew = await get('events?category=order&streamId=8');
    const types: string[] = anew.events.map(({ type }: { type: string }) => type);
    expect(types.filter((type) => type === 'OrderCreated' || type === 'OrderDeleted')).toEqual([
      'OrderCreated',
      'OrderDeleted',
      'OrderCreated',
    ]);
  });
});

describeInBrowser('who looks at a purged stream', () => {
  let browser: Browser;
  let page: Page;
  let faults: string[];

  beforeAll(async () => {
    browser = await launchBrowser();
    page = await (await browser.newContext()).newPage();
    faults = await watchPage(page, shop.origin);
  });

  afterAll(() => browser?.close());
  afterEach(() => expect(faults.splice(0)).toEqual([]));

  it('is told in the list that it is deleted, and on its page when, by whom and why', async () => {
    await page.goto(`${shop.origin}/backstory#/streams/order/7`);
    const found = page.getByRole('list', { name: 'Streams that were found' });
    await found.getByRole('listitem').filter({ hasText: 'order-7' }).first().getByText('deleted').waitFor();
    await found.getByRole('link', { name: 'order-7', exact: true }).click();
    const end = page.locator('.timeline').getByRole('article').first();
    await end.getByRole('heading', { name: 'OrderDeleted' }).waitFor();
    await end.getByText('ops@shop.example', { exact: true }).waitFor();
    await end.getByText(`Deleted with others, without an event for each: ${reason}`).waitFor();
    expect(await end.locator('header time').getAttribute('datetime')).toBe(
      (await shop.backstory.history('order', '7')).at(-1)?.recordedAt.toISOString(),
    );
  });

  it('sees that it is deleted, what it was before, and brings that back', async () => {
    await page.getByText('It is deleted at this point.').waitFor();
    await page.getByRole('button', { name: 'What it was before' }).click();
    await page.locator('.states').getByText('"its last words"').waitFor();
    await page.getByRole('button', { name: 'Restore this version…' }).click();
    const dialog = page.getByRole('dialog');
    await dialog.getByLabel('Reason').fill('purged by mistake');
    await dialog.getByRole('button', { name: 'Restore', exact: true }).click();
    await page.locator('.timeline').getByText('purged by mistake').first().waitFor();
    expect(await shop.dataSource.getRepository(Order).findOneBy({ id: 7 })).toMatchObject({
      note: 'its last words',
    });
    expect((await shop.backstory.verify({ aggregates: ['order'] })).clean).toBe(true);
  });
});
