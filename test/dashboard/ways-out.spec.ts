import type { Browser, Page } from 'playwright-core';
import request from 'supertest';
import { describeInBrowser, launchBrowser, watchPage } from './browser.js';
import { openShopWithDashboard, type ShopWithDashboard } from './shop-with-dashboard.js';

let shop: ShopWithDashboard;

beforeAll(async () => {
  shop = await openShopWithDashboard();
});

afterAll(() => shop?.close());

const stagesOf = async (...names: string[]): Promise<string[]> =>
  Promise.all(names.map((name) => shop.backstory.stages.get(name)));

describe('asked over HTTP', () => {
  const post = (path: string, body: object) =>
    request(shop.app.getHttpServer())
      .post(`/backstory/api/${path}`)
      .set('x-backstory-dashboard', '1')
      .set('x-user', 'grace')
      .send(body);

  it.each([
    ['stages', { aggregates: ['tag'], to: 'off', reason: 'r', force: true }],
    ['stages', { aggregates: [], to: 'off', reason: 'r' }],
    ['stages', { aggregates: 'tag', to: 'off', reason: 'r' }],
    ['stages', { aggregates: ['tag'], to: 'off' }],
    ['work', { kind: 'repair', aggregates: ['tag'] }],
    ['work', { kind: 'verify', aggregates: ['tag', 7] }],
    ['work', { kind: 'verify', aggregates: ['tag'], reason: 'r' }],
  ])('does nothing that it does not understand: %s %p', async (path, wish) => {
    expect((await post(path, wish)).status).toBe(400);
    expect(await stagesOf('tag')).toEqual(['capture']);
  });

  it('needs the header of its own page for several, too, and names that are there', async () => {
    const wish = { aggregates: ['tag'], to: 'off', reason: 'mischief' };
    for (const path of ['stages', 'work'])
      expect((await request(shop.app.getHttpServer()).post(`/backstory/api/${path}`).send(wish)).status).toBe(
        403,
      );
    expect((await post('stages', { ...wish, aggregates: ['tag', 'nothing'] })).status).toBe(404);
    expect((await post('work', { kind: 'verify', aggregates: ['tag', 'nothing'] })).status).toBe(404);
    expect(await stagesOf('tag')).toEqual(['capture']);
  });

  it('moves those that can, and says of each other one why it can not', async () => {
    await shop.backstory.backfill({ aggregates: ['coupon'] });
    await shop.backstory.verify({ aggregates: ['coupon'] });
    const { body } = await post('stages', {
      aggregates: ['coupon', 'tag'],
      to: 'shadow',
      reason: 'together',
    });
    expect(body).toMatchObject([
      { category: 'coupon', refused: false, change: { to: 'shadow', changedBy: 'grace' } },
      { category: 'tag', refused: true, reasons: [expect.stringContaining('backfill'), expect.anything()] },
    ]);
    expect(await stagesOf('coupon', 'tag')).toEqual(['shadow', 'capture']);
    await shop.backstory.stages.set('coupon', 'capture');
  });
});

describeInBrowser('who looks for a way out', () => {
  let browser: Browser;
  let page: Page;
  let faults: string[];

  beforeAll(async () => {
    browser = await launchBrowser();
    const context = await browser.newContext({ extraHTTPHeaders: { 'x-user': 'grace' } });
    page = await context.newPage();
    faults = await watchPage(page, shop.origin);
    await page.goto(`${shop.origin}/backstory`);
  });

  afterAll(() => browser?.close());
  afterEach(() => expect(faults.splice(0)).toEqual([]));

  const confirm = async (button: string, reason?: string): Promise<void> => {
    const dialog = page.getByRole('dialog');
    if (reason !== undefined) await dialog.getByLabel('Reason').fill(reason);
    await dialog.getByRole('button', { name: button }).click();
    await dialog.waitFor({ state: 'hidden' });
  };
  const way = (text: string | RegExp) =>
    page
      .getByRole('region', { name: 'What can be done next' })
      .getByRole('listitem')
      .filter({ hasText: text });

  it('reads each obstacle once, and has all aggregates backfilled and verified from there', async () => {
    const backfill = way('its backfill is not complete');
    await backfill.waitFor();
    expect(await backfill.count()).toBe(1);
    await backfill.getByRole('button', { name: /^Backfill \d+ aggregates…$/ }).click();
    await page.getByRole('dialog').getByText('One after the other').waitFor();
    const listed = await page.getByRole('dialog').textContent();
    for (const name of ['customer', 'order', 'tag']) expect(listed).toContain(name);
    await confirm('Backfill');
    await backfill.waitFor({ state: 'detached' });
    const verify = way('it has not been verified since capture began');
    await verify.getByRole('button', { name: /^Verify \d+ aggregates…$/ }).click();
    await confirm('Verify');
    await verify.waitFor({ state: 'detached' });
    const { aggregates } = await shop.backstory.admin.overview();
    expect(aggregates.map(({ verified }) => verified?.drifted)).toEqual(aggregates.map(() => 0));
  });

  it('moves all that are ready together, and is told which were refused', async () => {
    const ready = way('Ready for shadow');
    const { aggregates } = await shop.backstory.admin.overview();
    await ready.getByRole('button', { name: `Move ${aggregates.length} aggregates to shadow…` }).click();
    await shop.backstory.stages.set('tag', 'off');
    const dialog = page.getByRole('dialog');
    await dialog.getByText(/\btag\b.*Each is asked/).waitFor();
    await dialog.getByLabel('Reason').fill('the quiet week');
    await dialog.getByRole('button', { name: 'Move to shadow' }).click();
    await dialog.getByText(`${aggregates.length - 1} moved, 1 refused:`).waitFor();
    expect(await dialog.getByRole('alert').textContent()).toContain('tag: capture comes first');
    await dialog.getByRole('button', { name: 'Cancel' }).click();
    expect(await stagesOf('tag', 'order', 'customer')).toEqual(['off', 'shadow', 'shadow']);
    expect((await shop.backstory.stages.history('order')).at(-1)).toMatchObject({
      changedBy: 'grace',
      reason: 'the quiet week',
    });
    await way('Ready for capture').getByRole('button', { name: 'Move tag to capture…' }).waitFor();
    await way('too few shadow reads were compared').getByText('Nothing to do').waitFor();
  });

  it('filters and sorts the aggregates, and finds them so again', async () => {
    const names = () =>
      page
        .getByRole('table', { name: 'Aggregates' })
        .getByRole('rowheader')
        .getByRole('link')
        .allTextContents();
    await page.getByLabel('Show').selectOption('in shadow');
    await page.getByLabel('Sort by').selectOption('events');
    await page.getByLabel('Find').fill('o');
    const { aggregates } = await shop.backstory.admin.overview();
    const shown = aggregates
      .filter(
        ({ stage, name, table, entity }) => stage === 'shadow' && `${name} ${table} ${entity}`.includes('o'),
      )
      .sort((one, other) => (other.events ?? 0) - (one.events ?? 0) || one.name.localeCompare(other.name))
      .map(({ name }) => name);
    // the page looks again now and then: it may have seen the stages of a moment ago
    while ((await names()).join() !== shown.join()) await page.waitForTimeout(50);
    expect(shown).toContain('order');
    expect(page.url()).toContain('#/?show=shadow&sort=events&find=o');
    await page.reload();
    await page.getByRole('table', { name: 'Aggregates' }).waitFor();
    expect(await names()).toEqual(shown);
    expect(await page.getByLabel('Find').inputValue()).toBe('o');
    await page.getByLabel('Find').fill('');
    await page.getByLabel('Show').selectOption('all');
    await page.getByLabel('by stage').check();
    const off = page.getByRole('button', { name: '▾ off' });
    await off.waitFor();
    const all = await names();
    expect(all[0]).toBe('tag');
    await off.click();
    await page.getByRole('button', { name: '▸ off' }).waitFor();
    expect(await names()).toEqual(all.slice(1));
    expect(page.url()).toContain('closed=off');
  });
});
