import { runInContext } from '@backstory/adapter';
import { mkdirSync } from 'node:fs';
import path from 'node:path';
import { setTimeout } from 'node:timers/promises';
import type { Browser, Page } from 'playwright-core';
import { Customer } from '../../examples/legacy-app/src/customers/customer.entity.js';
import { Order } from '../../examples/legacy-app/src/orders/order.entity.js';
import { describeInBrowser, launchBrowser, watchPage } from './browser.js';
import { openShopWithDashboard, type ShopWithDashboard } from './shop-with-dashboard.js';
import { sidewaysScroll } from './sideways-scroll.js';
import { takePicture } from './take-picture.js';
import { violations } from './violations.js';

/** SCREENSHOTS=folder: every page, in both themes and on both screens, to be looked at. */
const screenshots = process.env.SCREENSHOTS;

const pages = [
  { name: 'overview', hash: '#/', shows: 'Per minute' },
  { name: 'overview-by-stage', hash: '#/?group=stage&closed=off', shows: '▸ off' },
  { name: 'aggregate-order', hash: '#/aggregate/order', shows: 'Nothing stands against it.' },
  { name: 'aggregate-customer', hash: '#/aggregate/customer', shows: 'streams differ' },
  { name: 'browse', hash: '#/browse', shows: 'Show older events' },
  { name: 'correlation', hash: '#/correlation/req-7f3a', shows: 'Events of the correlation' },
  { name: 'streams', hash: '#/streams/order/1', shows: 'Streams that were found' },
  { name: 'stream', hash: '#/stream/order/1', shows: 'OrderUpdated' },
  { name: 'consumers', hash: '#/consumers', shows: 'mail server says no' },
  { name: 'log', hash: '#/log', shows: 'Nothing is sealed' },
  { name: 'doctor', hash: '#/doctor', shows: 'is disabled' },
];
const themes = ['light', 'dark'] as const;
const screens = { desktop: { width: 1440, height: 900 }, phone: { width: 390, height: 844 } };

describeInBrowser('the pages of the dashboard', () => {
  let shop: ShopWithDashboard;
  let browser: Browser;

  beforeAll(async () => {
    shop = await openShopWithDashboard();
    await liveABit(shop);
    browser = await launchBrowser();
    if (screenshots) mkdirSync(screenshots, { recursive: true });
  });

  afterAll(async () => {
    await browser?.close();
    await shop?.close();
  });

  const looks = themes.flatMap((theme) =>
    Object.entries(screens).map(([screen, viewport]) => ({ theme, screen, viewport })),
  );

  describe.each(looks)('$theme, on a $screen', ({ theme, screen, viewport }) => {
    let page: Page;
    let faults: string[];

    beforeAll(async () => {
      page = await (await browser.newContext({ colorScheme: theme, viewport })).newPage();
      faults = await watchPage(page, shop.origin);
    });

    afterAll(() => page.context().close());

    it.each(pages)('$name is accessible, fits and stays within its policy', async ({ name, hash, shows }) => {
      await page.goto(`${shop.origin}/backstory${hash}`);
      await page.locator('main').getByText(shows).or(page.getByLabel(shows)).first().waitFor();
      expect(await violations(page)).toEqual([]);
      expect(await sidewaysScroll(page)).toBe(0);
      if (screenshots) {
        await takePicture(page, path.join(screenshots, `${name}-${screen}-${theme}.webp`));
      }
      expect(faults.splice(0)).toEqual([]);
    });
  });
});

/** Some in every stage; something that drifts, something that is parked, something that the doctor finds. */
async function liveABit(shop: ShopWithDashboard): Promise<void> {
  const { backstory, dataSource } = shop;
  const customers = dataSource.getRepository(Customer);
  const orders = dataSource.getRepository(Order);
  await runInContext({ actor: 'ada@shop.example', correlationId: 'req-7f3a' }, async () => {
    await orders.update({ id: 1 }, { note: 'ring twice' });
    await orders.update({ id: 1 }, { note: 'ring twice, then knock' });
    await dataSource.query(`update order_line set qty = qty + 1 where "orderId" = 1`);
    for (let id = 2; id < 40; id++) await orders.update({ id }, { note: `batch ${id}` });
  });
  shop.mailFailure = 'The mail server says no: 550 5.1.1 <nobody@shop.example>';
  await customers.update({ id: 5 }, { name: 'Grace' });
  await customers.update({ id: 5 }, { name: 'Grace H.' });
  while ((await backstory.consumers.parked('mailer')).length < 2) await setTimeout(20);
  await backstory.backfill();
  await dataSource.query(`alter table customer disable trigger "00_backstory_update"`);
  await dataSource.query(
    `update customer set full_name = full_name || ' (moved)', loyalty_points = 7 where id < 4`,
  );
  await backstory.verify();
  await backstory.stages.set('order', 'shadow', { by: 'ada', reason: 'verified over night' });
  for (let round = 0; round < 3; round++) await orders.find({ take: 60 });
  await backstory.shadowSettled();
  await backstory.stages.set('tag', 'shadow', { by: 'ada', reason: 'small, a good first one' });
  await backstory.stages.set('tag', 'replay', { by: 'ada', reason: 'canary', percent: 10, force: true });
  await backstory.stages.set('coupon', 'off', { by: 'ada', reason: 'will be dropped' });
}
