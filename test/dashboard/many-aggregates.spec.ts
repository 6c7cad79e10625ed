import type { Backstory } from '@backstory/adapter';
import { BACKSTORY, BackstoryDashboardModule, BackstoryModule } from '@backstory/nest-module';
import { createTestDatabase, type TestDatabase } from '@backstory/test/postgres';
import { type INestApplication, Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { TypeOrmModule } from '@nestjs/typeorm';
import { mkdirSync } from 'node:fs';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import path from 'node:path';
import type { Browser, Page } from 'playwright-core';
import { DataSource, EntitySchema } from 'typeorm';
import { describeInBrowser, launchBrowser, watchPage } from './browser.js';
import { sidewaysScroll } from './sideways-scroll.js';
import { takePicture } from './take-picture.js';
import { violations } from './violations.js';

const areas = ['Billing', 'CustomerRelationshipManagement', 'Stock', 'Payroll', 'Shipping'];
const things = ['Account', 'Document', 'AddressVerification', 'Item', 'Note'];
/** 200 of them, some with the long names that such applications have. */
const entities = Array.from({ length: 200 }, (_, n) => {
  const name = `${areas[n % 5]}${things[Math.floor(n / 5) % 5]}${Math.floor(n / 25)}`;
  return new EntitySchema<{ id: number; note: string }>({
    name,
    columns: { id: { type: 'int', primary: true }, note: { type: 'text' } },
  });
});
const nameOf = (n: number): string => {
  const { name } = entities[n]!.options;
  return `${name.charAt(0).toLowerCase()}${name.slice(1)}`;
};

/** SCREENSHOTS=folder: what is looked at, to be looked at. */
const screenshots = process.env.SCREENSHOTS;
/** Colours are those of all pages, which others look at. */
const themes = screenshots ? (['light', 'dark'] as const) : (['light'] as const);
const screens = { desktop: { width: 1440, height: 900 }, phone: { width: 390, height: 844 } };

describeInBrowser('200 aggregates on the dashboard', () => {
  let database: TestDatabase;
  let app: INestApplication<Server>;
  let browser: Browser;
  let origin: string;

  beforeAll(async () => {
    database = await createTestDatabase();
    @Module({
      imports: [
        TypeOrmModule.forRoot({ type: 'postgres', url: database.url, entities, synchronize: true }),
        BackstoryModule.forRoot(),
        BackstoryDashboardModule.forRoot({ authorize: () => true, allowChanges: true }),
      ],
    })
    class Application {}
    app = await NestFactory.create<INestApplication<Server>>(Application, {
      logger: false,
      abortOnError: false,
    });
    await app.listen(0, '127.0.0.1');
    origin = `http://127.0.0.1:${(app.getHttpServer().address() as AddressInfo).port}`;
    await liveABit();
    browser = await launchBrowser();
    if (screenshots) mkdirSync(screenshots, { recursive: true });
  }, 240_000);

  afterAll(async () => {
    await browser?.close();
    await app?.close();
    await database?.drop();
  });

  /** The first 40 are ready for shadow reads, but for one that drifts; ten are in shadow, five in replay, and five are off. */
  async function liveABit(): Promise<void> {
    const backstory = app.get<Backstory>(BACKSTORY);
    const dataSource = app.get(DataSource);
    for (const entity of entities.slice(0, 60))
      await dataSource.getRepository(entity).insert({ id: 1, note: 'n' });
    const first = (from: number, to: number): string[] =>
      Array.from({ length: to - from }, (_, n) => nameOf(from + n));
    await backstory.backfill({ aggregates: first(0, 60) });
    const table = dataSource.getMetadata(entities[0]!).tableName;
    await dataSource.query(`alter table "${table}" disable trigger "00_backstory_update"`);
    await dataSource.query(`update "${table}" set note = 'drifted'`);
    await backstory.verify({ aggregates: first(0, 60) });
    const options = { reason: 'verified', by: 'ada', force: true };
    await backstory.stages.setAll('shadow', { aggregates: first(40, 55), ...options });
    await backstory.stages.setAll('replay', { aggregates: first(50, 55), ...options });
    await backstory.stages.setAll('off', { aggregates: first(195, 200), ...options });
  }

  const looks = themes.flatMap((theme) =>
    Object.entries(screens).map(([screen, viewport]) => ({ theme, screen, viewport })),
  );

  describe.each(looks)('$theme, on a $screen', ({ theme, screen, viewport }) => {
    let page: Page;
    let faults: string[];

    beforeAll(async () => {
      page = await (await browser.newContext({ colorScheme: theme, viewport })).newPage();
      faults = await watchPage(page, origin);
    });

    afterAll(() => page.context().close());

    const rows = () =>
      page
        .getByRole('table', { name: 'Aggregates' })
        .locator('tr:not(.group)')
        .filter({ has: page.locator('th[scope=row]') });

    it.each([
      ['all', '#/', 200],
      ['by-stage', '#/?group=stage&closed=off,capture', 15],
      ['with-drift', '#/?show=attention', 1],
      ['found', '#/?find=payrollnote', 8],
    ])('fit, and are accessible: %s', async (name, hash, number) => {
      await page.goto('about:blank');
      await page.goto(`${origin}/backstory${hash}`);
      await rows()
        .nth(number - 1)
        .waitFor();
      expect(await rows().count()).toBe(number);
      expect(await sidewaysScroll(page)).toBe(0);
      expect(await violations(page)).toEqual([]);
      if (screenshots)
        await takePicture(page, path.join(screenshots, `many-${name}-${screen}-${theme}.webp`));
      expect(faults.splice(0)).toEqual([]);
    });

    it('keep the names of the columns in sight, where there are columns', async () => {
      await page.goto(`${origin}/backstory#/`);
      await rows().nth(199).scrollIntoViewIfNeeded();
      const isInSight = await page.evaluate(
        `document.querySelector('.aggregates thead th').getBoundingClientRect().top === 0`,
      );
      expect(isInSight).toBe(screen === 'desktop');
    });

    it('are filtered, sorted and folded up, and how that was is remembered on a way back', async () => {
      await page.goto(`${origin}/backstory#/`);
      await page.getByRole('searchbox', { name: 'Find' }).fill('BILLING');
      await page.getByText('40 of 200 aggregates').waitFor();
      await page.getByRole('combobox', { name: 'Sort by' }).selectOption('drift');
      await rows().first().getByText('1 found').waitFor();
      await page.getByRole('checkbox', { name: 'by stage' }).check();
      await page.getByRole('button', { name: '▾ capture' }).click();
      await page.getByRole('button', { name: '▸ capture' }).waitFor();
      const left = await rows().count();
      expect(left).toBeLessThan(10);
      await rows().first().getByRole('link').click();
      await page.getByRole('heading', { level: 1, name: /^billing/ }).waitFor();
      await page.goBack();
      await page.getByRole('button', { name: '▸ capture' }).waitFor();
      expect(await rows().count()).toBe(left);
      expect(await sidewaysScroll(page)).toBe(0);
      expect(faults.splice(0)).toEqual([]);
    });
  });
});
