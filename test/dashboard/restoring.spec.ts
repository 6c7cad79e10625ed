import type { Browser, Page } from 'playwright-core';
import request from 'supertest';
import { OrderLine } from '../../examples/legacy-app/src/orders/order-line.entity.js';
import { Order } from '../../examples/legacy-app/src/orders/order.entity.js';
import { describeInBrowser, launchBrowser, watchPage } from './browser.js';
import { openShopWithDashboard, type ShopWithDashboard } from './shop-with-dashboard.js';

let shop: ShopWithDashboard;

beforeAll(async () => {
  shop = await openShopWithDashboard();
});

afterAll(() => shop?.close());

const noteOf = async (id: number): Promise<string | null | undefined> =>
  (await shop.dataSource.getRepository(Order).findOneBy({ id }))?.note;

describe('a version, asked over HTTP', () => {
  const restore = (wish: object) =>
    request(shop.app.getHttpServer())
      .post('/backstory/api/restore')
      .set('x-backstory-dashboard', '1')
      .set('x-user', 'grace')
      .send({ aggregate: 'order', id: '3', ...wish });

  beforeAll(async () => {
    const orders = shop.dataSource.getRepository(Order);
    for (const note of ['first', 'second']) await orders.update({ id: 3 }, { note });
  });

  it.each([
    [{ version: 1 }, 400, '"reason" is missing'],
    [{ version: 1, dryRun: false }, 400, '"reason" is missing'],
    [{ version: '1', reason: 'r' }, 400, '"version" is not a number'],
    [{ version: 1.5, reason: 'r' }, 400, 'no position'],
    [{ version: 1, reason: 'r', by: 'somebody else' }, 400, '"by" is not known'],
    [{ version: 1, reason: 'r', parts: false }, 400, '"parts" is not known'],
    [{ version: 99, reason: 'r' }, 409, 'has no version 99'],
    [{ aggregate: 'nothing', version: 1, dryRun: true }, 404, 'nothing'],
  ])('is not restored where it was asked for like %j', async (wish, status, message) => {
    const answer = await restore(wish);
    expect([answer.status, answer.body.message]).toEqual([status, expect.stringContaining(message)]);
    expect(await noteOf(3)).toBe('second');
  });

  it('is shown by a dry run, and then restored as it was shown, or not at all', async () => {
    const { version } = (await shop.backstory.history('order', '3'))
      .map(({ streamPosition, data }) => ({ version: streamPosition, note: data.note }))
      .find(({ note }) => note === 'first') ?? { version: 0 };
    const { body: shown } = await restore({ version, dryRun: true });
    expect(shown).toMatchObject({
      version: version + 1,
      restoredTo: version,
      values: expect.arrayContaining([
        { property: 'note', before: { json: '"second"' }, after: { json: '"first"' } },
      ]),
      parts: [],
      partsInAll: 0,
    });
    expect(await noteOf(3)).toBe('second');
    await shop.dataSource.getRepository(Order).update({ id: 3 }, { note: 'third' });
    const wish = { version, reason: 'request 7', expectedVersion: shown.version };
    expect((await restore(wish)).body).toMatchObject({ code: 'WRONG_EXPECTED_VERSION' });
    expect(await noteOf(3)).toBe('third');
    expect((await restore({ ...wish, expectedVersion: shown.version + 1 })).status).toBe(200);
    expect(await noteOf(3)).toBe('first');
    expect((await shop.backstory.history('order', '3')).at(-1)?.metadata).toMatchObject({
      origin: 'restore',
      restoredTo: version,
      actor: 'grace',
      reason: 'request 7',
    });
  });

  it('cuts long values', async () => {
    await shop.dataSource.getRepository(Order).update({ id: 3 }, { note: 'x'.repeat(5000) });
    const [last] = (await shop.backstory.history('order', '3')).slice(-1);
    const { body } = await restore({ version: (last?.streamPosition ?? 0) - 1, dryRun: true });
    const note = body.values.find(({ property }: { property: string }) => property === 'note');
    expect(note.before).toEqual({ json: `"${'x'.repeat(299)}`, length: 5002 });
  });
});

describeInBrowser('an operator', () => {
  let browser: Browser;
  let page: Page;
  let faults: string[];

  beforeAll(async () => {
    browser = await launchBrowser();
    const context = await browser.newContext({ extraHTTPHeaders: { 'x-user': 'grace' } });
    page = await context.newPage();
    faults = await watchPage(page, shop.origin);
  });

  afterAll(() => browser?.close());
  afterEach(() => expect(faults.splice(0)).toEqual([]));

  it('brings back an order that was deleted, with its lines', async () => {
    const { manager } = shop.dataSource;
    const { id } = await manager.findOneByOrFail(Order, { id: 8 });
    await manager.update(Order, id, { note: 'to be kept' });
    const lines = await manager.countBy(OrderLine, { order: { id } });
    expect(lines).toBeGreaterThan(0);
    await shop.backstory.backfill({ aggregates: ['order'] });
    await manager.delete(Order, id);
    await page.goto(`${shop.origin}/backstory#/stream/order/${id}`);
    await page.getByRole('button', { name: 'What it was before' }).click();
    const restore = page.getByRole('button', { name: 'Restore this version…' });
    await page.locator('.state').getByText('"to be kept"').waitFor();
    await restore.click();
    const dialog = page.getByRole('dialog');
    const row = dialog
      .getByRole('table', { name: 'What changes', exact: true })
      .getByRole('row', { name: /^note/ });
    expect(await row.textContent()).toContain('"to be kept"');
    expect(await dialog.getByText('is inserted again').count()).toBe(lines);
    await dialog.getByLabel('Reason').fill('deleted by mistake');
    await dialog.getByRole('button', { name: 'Restore', exact: true }).click();
    await dialog.waitFor({ state: 'hidden' });
    await page.getByText(/^Restored to event \d+\.$/).waitFor();
    await page.getByRole('article').filter({ hasText: 'deleted by mistake' }).first().waitFor();
    expect(await noteOf(id)).toBe('to be kept');
    expect(await manager.countBy(OrderLine, { order: { id } })).toBe(lines);
  });

  it('is told when somebody has written since it was shown', async () => {
    const orders = shop.dataSource.getRepository(Order);
    for (const note of ['first', 'second']) await orders.update({ id: 9 }, { note });
    await page.goto(`${shop.origin}/backstory#/stream/order/9`);
    const slider = page.getByRole('slider');
    await slider.waitFor();
    await slider.press('ArrowLeft');
    await page.getByRole('button', { name: 'Restore this version…' }).click();
    const dialog = page.getByRole('dialog');
    await dialog.getByRole('row', { name: /^note/ }).waitFor();
    await orders.update({ id: 9 }, { note: 'meanwhile' });
    await dialog.getByLabel('Reason').fill('too late');
    await dialog.getByRole('button', { name: 'Restore', exact: true }).click();
    await dialog.getByRole('alert').getByText('order-9').waitFor();
    // the browser notes the answer's status, too
    expect(faults.splice(0)).toEqual([expect.stringContaining('409')]);
    expect(await noteOf(9)).toBe('meanwhile');
    await dialog.getByRole('button', { name: 'Cancel' }).click();
  });
});
