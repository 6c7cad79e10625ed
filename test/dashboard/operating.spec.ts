import { runInContext } from '@backstory/adapter';
import type { Browser, Page } from 'playwright-core';
import { Customer } from '../../examples/legacy-app/src/customers/customer.entity.js';
import { Order } from '../../examples/legacy-app/src/orders/order.entity.js';
import { describeInBrowser, launchBrowser, watchPage } from './browser.js';
import { openShopWithDashboard, type ShopWithDashboard } from './shop-with-dashboard.js';

describeInBrowser('an operator', () => {
  let shop: ShopWithDashboard;
  let browser: Browser;
  let page: Page;
  let faults: string[];

  beforeAll(async () => {
    shop = await openShopWithDashboard();
    browser = await launchBrowser();
    const context = await browser.newContext({ extraHTTPHeaders: { 'x-user': 'grace' } });
    page = await context.newPage();
    faults = await watchPage(page, shop.origin);
    await page.goto(`${shop.origin}/backstory`);
  });

  afterAll(async () => {
    await browser?.close();
    await shop?.close();
  });

  afterEach(() => expect(faults.splice(0)).toEqual([]));

  const open = async (...parts: string[]): Promise<void> => {
    await page.goto(`${shop.origin}/backstory#/${parts.map(encodeURIComponent).join('/')}`);
  };
  const confirm = async (button: string, reason?: string): Promise<void> => {
    const dialog = page.getByRole('dialog');
    if (reason !== undefined) await dialog.getByLabel('Reason').fill(reason);
    await dialog.getByRole('button', { name: button }).click();
    await dialog.waitFor({ state: 'hidden' });
  };
  const stageOf = (name: string) => page.getByRole('list', { name: `Stage: ${name}` }).first();

  it('sees what is written while it is written, without loading the page again', async () => {
    await open('stream', 'order', '1');
    await runInContext({ actor: 'ada' }, () =>
      shop.dataSource.getRepository(Order).update({ id: 1 }, { note: 'ring twice' }),
    );
    const event = page.getByRole('article', { name: /OrderUpdated/ }).first();
    await event.waitFor();
    expect(await event.textContent()).toContain('ada');
    const change = event.getByRole('row', { name: /^note/ });
    expect(await change.getByRole('cell').allTextContents()).toEqual(['""', '"ring twice"']);
  });

  it('reads why a step is blocked, and takes it when nothing stands against it any more', async () => {
    await open('aggregate', 'order');
    const move = page.getByRole('button', { name: 'Move to shadow…' });
    await page.getByText('its backfill is not complete').waitFor();
    expect(await move.isDisabled()).toBe(true);
    await page.getByRole('heading', { name: 'Backfill first' }).waitFor();
    await page.getByRole('button', { name: 'Backfill…' }).click();
    await confirm('Backfill');
    await page.getByText(/^\d+ first events written$/).waitFor();
    await page.getByRole('heading', { name: 'Backfill first' }).waitFor({ state: 'detached' });
    await shop.backstory.backfill();
    await page.getByRole('button', { name: 'Verify…' }).click();
    await confirm('Verify');
    await page.getByText('Nothing stands against it.', { exact: true }).waitFor();
    await move.click();
    await confirm('Move to shadow', 'verified today');
    await stageOf('shadow').waitFor();
    expect(await shop.backstory.stages.get('order')).toBe('shadow');
    const row = page.getByRole('row', { name: /verified today/ });
    expect(await row.textContent()).toMatch(/capture.*→.*shadow.*grace.*verified today/);
  });

  it('replays a share of the streams, and rolls back', async () => {
    for (let reads = 0; reads < 120; reads += 60) {
      await shop.dataSource.getRepository(Order).find({ take: 60 });
      await shop.backstory.shadowSettled();
    }
    await page.getByLabel('Share in %').fill('10');
    const move = page.getByRole('button', { name: 'Move to replay…' });
    await page.getByText('Nothing stands against it.', { exact: true }).waitFor();
    await move.click();
    await confirm('Move to replay', 'canary');
    await stageOf('replay 10 %').waitFor();
    await page.getByRole('button', { name: 'Roll back to shadow…' }).click();
    await confirm('Move to shadow', 'the night is for sleeping');
    await stageOf('shadow').waitFor();
    expect(await shop.backstory.stages.get('order')).toBe('shadow');
  });

  it('is told in the dialog when somebody else was faster', async () => {
    await open('aggregate', 'product');
    const move = page.getByRole('button', { name: 'Move to shadow…' });
    await page.getByRole('button', { name: 'Verify…' }).click();
    await confirm('Verify');
    await page.getByText('Nothing stands against it.', { exact: true }).waitFor();
    await move.click();
    await shop.backstory.stages.set('product', 'off');
    const dialog = page.getByRole('dialog');
    await dialog.getByLabel('Reason').fill('too late');
    await dialog.getByRole('button', { name: 'Move to shadow' }).click();
    await dialog.getByText('capture comes first').waitFor();
    // what was refused is said in the dialog; the browser notes the answer's status, too
    expect(faults.splice(0)).toEqual([expect.stringContaining('409')]);
    await dialog.getByRole('button', { name: 'Cancel' }).click();
    expect(await shop.backstory.stages.get('product')).toBe('off');
  });

  it('finds a drift, looks at it and repairs it', async () => {
    const { dataSource } = shop;
    await dataSource.query(`alter table customer disable trigger "00_backstory_update"`);
    await dataSource.query(`update customer set full_name = 'Changed Behind' where id = 7`);
    await dataSource.query(`alter table customer enable trigger "00_backstory_update"`);
    await open('aggregate', 'customer');
    await page.getByRole('button', { name: 'Verify…' }).click();
    await confirm('Verify');
    await page.getByRole('row', { name: /^name value verify/ }).waitFor();
    const stage = page.getByRole('region', { name: 'Stage', exact: true });
    await stage.getByText('the last verify found 1 drifted streams').waitFor();
    const drifted = page.getByRole('table', { name: 'Replay and row of 7', exact: true });
    const sides = drifted.getByRole('row', { name: /^name/ }).getByRole('cell');
    await sides.last().getByText('"Changed Behind"').waitFor();
    expect(await sides.first().textContent()).not.toContain('Changed Behind');
    await page.getByRole('button', { name: 'Repair…' }).click();
    const dialog = page.getByRole('dialog');
    await dialog.getByText('Would append to 1 stream, and settle 1 difference.').waitFor();
    expect(await dialog.getByRole('listitem').textContent()).toMatch(/^7 .*name: .*→ "Changed Behind"/);
    await confirm('Repair', 'somebody has used psql');
    await page.getByText('1 settled; 50 rows compared, no drift').waitFor();
    await page.getByText('None since the last clean verify.').waitFor();
    expect(await page.getByRole('table', { name: 'Drift by property' }).count()).toBe(0);
    await open('stream', 'customer', '7');
    const repair = page.getByRole('article', { name: /^2:/ });
    await repair.waitFor();
    expect(await repair.textContent()).toMatch(/grace.*repair.*"Changed Behind"/);
    const [clean] = (await shop.backstory.verify({ aggregates: ['customer'] })).aggregates;
    expect(clean?.drifted).toBe(0);
  });

  it('has a parked event tried again, and discards another one', async () => {
    const customers = shop.dataSource.getRepository(Customer);
    await open('consumers');
    shop.mailFailure = 'no <b>such</b> mailbox';
    await customers.update({ id: 3 }, { name: 'Third' });
    await customers.update({ id: 4 }, { name: 'Fourth' });
    const parked = page.getByRole('region', { name: 'Parked by mailer' });
    const third = parked.getByRole('listitem').filter({ hasText: 'customer-3' });
    const fourth = parked.getByRole('listitem').filter({ hasText: 'customer-4' });
    await third.getByText('no <b>such</b> mailbox').waitFor();
    await fourth.waitFor();
    shop.mailFailure = undefined;
    await third.getByRole('button', { name: 'Try again' }).click();
    await third.waitFor({ state: 'detached' });
    await fourth.getByRole('button', { name: 'Discard…' }).click();
    await confirm('Discard', 'a test customer');
    await parked.waitFor({ state: 'detached' });
    const discarded = await shop.dataSource.query(
      `select reason, discarded_by from backstory.discarded_events`,
    );
    expect(discarded).toEqual([{ reason: 'a test customer', discarded_by: 'grace' }]);
    const retried = await shop.dataSource.query(
      `select consumer, events, requested_by from backstory.retry_requests`,
    );
    expect(retried).toEqual([{ consumer: 'mailer', events: 1, requested_by: 'grace' }]);
  });

  it('sees what would be erased of a stream, and erases it with a reason', async () => {
    const customers = shop.dataSource.getRepository(Customer);
    for (let n = 0; n < 3; n++) await customers.update({ id: 5 }, { name: `Ada ${n}` });
    await open('stream', 'customer', '5');
    const section = page.getByRole('region', { name: 'Erase' });
    await section.getByRole('button', { name: 'Erase its values…' }).click();
    const dialog = page.getByRole('dialog');
    await dialog.getByText(/name.* in \d+ events become null/).waitFor();
    await dialog.getByText(/Its rows still hold .*name/).waitFor();
    expect(JSON.stringify(await shop.backstory.history('customer', '5'))).toContain('Ada 2');
    await confirm('Erase', 'request 7');
    await section.getByText(/^Erased in \d+ events\.$/).waitFor();
    await page.getByRole('article', { name: /CustomerErased/ }).waitFor();
    const events = await shop.backstory.history('customer', '5');
    expect(JSON.stringify(events)).not.toContain('Ada');
    expect(events.at(-1)).toMatchObject({
      type: 'CustomerErased',
      metadata: { actor: 'grace', reason: 'request 7' },
    });
    expect(await page.getByRole('main').textContent()).not.toContain('Ada');
    await section.getByRole('button', { name: 'Erase its values…' }).click();
    await section.getByText('There is nothing to erase.').waitFor();
  });

  it('finds a stream, goes through its versions and compares two', async () => {
    const orders = shop.dataSource.getRepository(Order);
    for (const note of ['first', 'second', 'third']) await orders.update({ id: 12 }, { note });
    await open('streams');
    await page.getByLabel('Aggregate').selectOption('order');
    await page.getByLabel('Id').fill('12');
    await page.getByRole('button', { name: 'Find' }).click();
    await page.getByRole('link', { name: 'order-12', exact: true }).click();
    await page.getByRole('heading', { name: 'State after event 4' }).waitFor();
    const slider = page.getByRole('slider');
    const note = page.locator('.state > div', { hasText: /^note/ });
    await slider.press('ArrowLeft');
    await note.getByText('"second"').waitFor();
    await slider.press('Home');
    await page.getByText('It does not exist yet.').waitFor();
    await slider.press('End');
    await page.getByLabel('compare with', { exact: true }).check();
    await page.getByLabel('Compare with event').fill('2');
    const differences = page.getByRole('table', { name: 'What differs between event 2 and event 4' });
    const compared = differences.getByRole('row', { name: /^note/ }).getByRole('cell');
    await compared.first().waitFor();
    expect(await compared.allTextContents()).toEqual(['"first"', '"third"']);
  });

  it('is not harmed by what is in the data', async () => {
    const hostile = `</script><script>alert(1)</script><img src=x onerror=alert(2)>"'\u202e`;
    const { dataSource } = shop;
    await runInContext({ actor: hostile, correlationId: '<svg onload=alert(3)>' }, async () => {
      await dataSource.getRepository(Customer).update({ id: 9 }, { name: hostile });
    });
    await dataSource.query(`update customer set preferences = $1 where id = 9`, [
      '{"__proto__": {"polluted": true}, "constructor": {"prototype": {"polluted": true}}, "toString": "no"}',
    ]);
    await dataSource.getRepository(Order).update({ id: 9 }, { note: hostile.repeat(15_000) });
    await open('stream', 'customer', '9');
    await page.getByRole('article', { name: /^3:/ }).waitFor();
    await page.getByText('"__proto__":{"polluted":true}').first().waitFor();
    await page.getByText('<script>alert(1)</script>').first().waitFor();
    expect(await page.evaluate('({}).polluted')).toBeUndefined();
    await open('stream', 'order', '9');
    await page.getByText('characters in all').first().waitFor();
    await open('streams', 'customer', hostile);
    await page.getByText('There is no such stream.').waitFor();
    await open('aggregate', hostile);
    await page.getByText('There is no captured aggregate').waitFor();
    expect(faults.splice(0)).toEqual([expect.stringContaining('404')]);
    expect(await page.locator('main img, main script, main svg:not(.sparkline)').count()).toBe(0);
  });

  it('goes everywhere by keyboard, and hears where that is', async () => {
    await page.goto('about:blank');
    await open();
    await page.getByRole('table', { name: 'Aggregates' }).waitFor();
    await page.keyboard.press('Tab');
    expect(await focused(page)).toBe('Skip to the content');
    await page.keyboard.press('Enter');
    for (let press = 0; (await focused(page)) !== 'product'; press++) {
      expect(press).toBeLessThan(20);
      await page.keyboard.press('Tab');
    }
    await page.keyboard.press('Enter');
    await page.getByRole('heading', { name: 'product' }).waitFor();
    expect(await focused(page)).toBe('product');
    expect(await page.title()).toBe('product · Backstory');
  });

  it('is told when the application does not answer, and goes on when it does', async () => {
    await open();
    await page.getByRole('table', { name: 'Aggregates' }).waitFor();
    await page.context().setOffline(true);
    await page.getByText('No connection to the application.').waitFor();
    expect(await page.getByRole('table', { name: 'Aggregates' }).isVisible()).toBe(true);
    await page.context().setOffline(false);
    await page.getByText('No connection to the application.').waitFor({ state: 'hidden', timeout: 30_000 });
    expect(faults.splice(0).every((fault) => fault.includes('ERR_INTERNET_DISCONNECTED'))).toBe(true);
  });
});

function focused(page: Page): Promise<unknown> {
  return page.evaluate('document.activeElement.textContent');
}
