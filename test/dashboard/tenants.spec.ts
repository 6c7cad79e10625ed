import { onEvent, type TenantBackstories } from '@backstory/adapter';
import {
  BackstoryDashboardModule,
  BackstoryModule,
  BackstoryTenantsModule,
  getTenantsToken,
} from '@backstory/nest-module';
import { createTestDatabase, type TestDatabase } from '@backstory/test/postgres';
import { type DynamicModule, type INestApplication, Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { TypeOrmModule } from '@nestjs/typeorm';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Browser, Page } from 'playwright-core';
import request from 'supertest';
import { Column, DataSource, Entity, PrimaryGeneratedColumn } from 'typeorm';
import { asTenant } from '../integration/tenants/tenancy.js';
import { describeInBrowser, launchBrowser, watchPage } from './browser.js';
import { sidewaysScroll } from './sideways-scroll.js';
import { violations } from './violations.js';

@Entity()
class Invoice {
  @PrimaryGeneratedColumn({ type: 'int' })
  id: number;

  @Column({ type: 'text' })
  payer: string;
}

/** Of all tenants. */
@Entity({ schema: 'shared' })
class Currency {
  @PrimaryGeneratedColumn({ type: 'int' })
  id: number;

  @Column({ type: 'text' })
  name: string;
}

const tables = (schema: string): string =>
  `create schema ${schema}; create table ${schema}.invoice (id serial primary key, payer text not null)`;

let database: TestDatabase;

async function start(...modules: DynamicModule[]): Promise<INestApplication<Server>> {
  @Module({
    imports: [
      TypeOrmModule.forRoot({ type: 'postgres', url: database.url, entities: [Invoice, Currency] }),
      ...modules,
      BackstoryDashboardModule.forRoot({ authorize: () => true, allowChanges: true, title: 'Invoicing' }),
    ],
  })
  class Application {}
  const app = await NestFactory.create<INestApplication<Server>>(Application, {
    logger: false,
    abortOnError: false,
  });
  await app.listen(0, '127.0.0.1');
  return app;
}

/** Acme has an invoice that is verified, and one that drifts; globex a single one, and a consumer that is behind. */
async function liveABit(app: INestApplication): Promise<void> {
  const dataSource = app.get(DataSource);
  const tenants = app.get<TenantBackstories>(getTenantsToken());
  const write = (tenant: string, payer: string) =>
    asTenant(dataSource, tenant, (manager) => manager.insert(Invoice, { payer }));
  for (const payer of ['Ada', 'Grace']) await write('acme', payer);
  await write('globex', 'Edsger');
  await dataSource.query('alter table acme.invoice disable trigger "00_backstory_update"');
  await dataSource.query(`update acme.invoice set payer = 'nobody' where id = 2`);
  await dataSource.query('alter table acme.invoice enable trigger "00_backstory_update"');
  await tenants.each((backstory) => backstory.backfill());
  await tenants.each((backstory) => backstory.verify());
  const globex = await tenants.of('globex');
  globex.consumers.define({ name: 'mailer', handlers: [onEvent({ category: 'invoice' }, () => undefined)] });
  await globex.consumers.start();
  await globex.consumers.stop();
  await write('globex', 'Barbara');
}

beforeAll(async () => {
  database = await createTestDatabase();
  const admin = await new DataSource({ type: 'postgres', url: database.url }).initialize();
  for (const tenant of ['acme', 'globex', 'stranger']) await admin.query(tables(tenant));
  await admin.query(
    'create schema shared; create table shared.currency (id serial primary key, name text not null)',
  );
  await admin.destroy();
});

afterAll(() => database?.drop());

describe('the dashboard of an application with tenants', () => {
  let app: INestApplication<Server>;
  let named = ['acme', 'globex'];

  beforeAll(async () => {
    app = await start(BackstoryTenantsModule.forRoot({ tenants: () => named }));
    await liveABit(app);
  });

  afterAll(() => app?.close());

  const get = (path: string) => request(app.getHttpServer()).get(`/backstory/api/${path}`);

  it('lists them with where they stand', async () => {
    const { body } = await get('tenants').expect(200);
    expect(body).toMatchObject({ found: 2, all: 2 });
    expect(body.tenants).toEqual([
      {
        tenant: 'acme',
        schema: 'backstory_acme',
        history: {
          stages: { capture: 1 },
          backfilling: 0,
          unverified: 0,
          drifted: 1,
          behind: null,
          parked: 0,
        },
      },
      {
        tenant: 'globex',
        schema: 'backstory_globex',
        history: {
          stages: { capture: 1 },
          backfilling: 0,
          unverified: 0,
          drifted: 0,
          behind: expect.any(Number),
          parked: 0,
        },
      },
    ]);
    expect(body.tenants[1].history.behind).toBeGreaterThan(0);
    expect((await get('tenants?find=LOB')).body).toMatchObject({
      tenants: [{ tenant: 'globex' }],
      found: 1,
      all: 2,
    });
  });

  it('answers of the tenant that is asked for, and of no other', async () => {
    const streams = async (tenant: string): Promise<unknown> =>
      (await get(`events?tenant=${tenant}&category=invoice`).expect(200)).body.events.map(
        ({ values }: { values: { property: string; value: { json: string } }[] }) =>
          values.find(({ property }) => property === 'payer')?.value.json,
      );
    expect(await streams('acme')).toEqual(['"Grace"', '"Ada"']);
    expect(await streams('globex')).toEqual(['"Barbara"', '"Edsger"']);
    expect((await get('overview?tenant=acme').expect(200)).body.events.total).toBe(2);
  });

  it.each([
    ['overview', 400, 'Each tenant has a history of its own here.'],
    ['overview?tenant=', 404, 'There is no tenant "" here.'],
    ['overview?tenant=stranger', 404, 'There is no tenant "stranger" here.'],
    ['overview?tenant=public', 404, 'There is no tenant "public" here.'],
    ['overview?tenant=acme&tenant=globex', 404, 'There is no tenant "acme,globex" here.'],
  ])('refuses what is about no tenant, and captures no schema for it: %s', async (path, status, message) => {
    const answer = await get(path);
    expect([answer.status, answer.body.message]).toEqual([status, message]);
    const [{ schemas }] = await app
      .get(DataSource)
      .query(
        `select array_agg(nspname::text order by nspname) as schemas from pg_namespace where nspname like 'backstory%'`,
      );
    expect(schemas).toEqual(['backstory_acme', 'backstory_globex', 'backstory_tenants']);
  });

  it('changes the tenant that is asked for, and has no other take part', async () => {
    const { body } = await request(app.getHttpServer())
      .post('/backstory/api/stage?tenant=globex')
      .set('x-backstory-dashboard', '1')
      .send({ aggregate: 'invoice', to: 'shadow', reason: 'verified' })
      .expect(200);
    expect(body).toBeDefined();
    const tenants = app.get<TenantBackstories>(getTenantsToken());
    expect(await (await tenants.of('globex')).stages.get('invoice')).toBe('shadow');
    expect(await (await tenants.of('acme')).stages.get('invoice')).toBe('capture');
  });

  describeInBrowser('in a browser', () => {
    let browser: Browser;
    let page: Page;
    let faults: string[];
    let origin: string;

    beforeAll(async () => {
      browser = await launchBrowser();
      page = await (await browser.newContext()).newPage();
      origin = `http://127.0.0.1:${(app.getHttpServer().address() as AddressInfo).port}`;
      faults = await watchPage(page, origin);
    });

    afterAll(() => browser?.close());
    afterEach(() => expect(faults.splice(0)).toEqual([]));

    const header = () => page.locator('header.top');
    const rows = () => page.getByRole('table', { name: 'Tenants' }).getByRole('row');

    it('begins with the list, of which one leads to a tenant', async () => {
      await page.goto(`${origin}/backstory`);
      await header().getByText('No tenant is chosen').waitFor();
      expect(await header().getByRole('navigation').getByRole('link').count()).toBe(0);
      await rows().filter({ hasText: 'acme' }).getByText('1 capture').waitFor();
      await rows().filter({ hasText: 'globex' }).getByText('1 shadow').waitFor();
      expect(await violations(page)).toEqual([]);
      await page.getByRole('link', { name: 'acme' }).click();
      await page.getByRole('heading', { name: 'Overview' }).waitFor();
      await header().getByText('Tenant acme').waitFor();
      await page.getByRole('table', { name: 'Aggregates' }).getByText('acme.invoice').waitFor();
      expect(await page.title()).toBe('Overview · acme · Invoicing');
      expect(await violations(page)).toEqual([]);
    });

    it('stays with the tenant from page to page, and when it is loaded again', async () => {
      await page.getByRole('table').getByRole('link', { name: 'invoice' }).click();
      await page.getByRole('heading', { name: 'invoice' }).waitFor();
      expect(page.url()).toContain('#/@acme/aggregate/invoice');
      await page.goto(`${origin}/backstory#/@acme/streams/invoice/1`);
      await page.getByRole('link', { name: 'invoice-1', exact: true }).click();
      await page.locator('.timeline').getByText('"Ada"').waitFor();
      await page.reload();
      await page.locator('.timeline').getByText('"Ada"').waitFor();
      await header().getByText('Tenant acme').waitFor();
    });

    it('goes to the same page of another tenant, whose history is another', async () => {
      await header().getByRole('link', { name: 'Browse' }).click();
      await page.getByText('2 events, which are all.').waitFor();
      await page.getByRole('article', { name: 'InvoiceCreated of invoice-2' }).waitFor();
      await header().getByRole('link', { name: 'all tenants' }).click();
      await page.getByRole('searchbox', { name: 'Find' }).fill('glo');
      await page.getByText('1 of 2').waitFor();
      expect(await page.getByRole('link', { name: 'acme' }).count()).toBe(0);
      await page.getByRole('link', { name: 'globex' }).click();
      await page.getByRole('heading', { name: 'Browse' }).waitFor();
      await header().getByText('Tenant globex').waitFor();
      await page.getByText('payer').first().click();
      await page.getByText('"Barbara"').waitFor();
      expect(await page.getByText('"Grace"').count()).toBe(0);
    });

    it('changes the tenant that is looked at', async () => {
      await page.goto(`${origin}/backstory#/@acme/aggregate/invoice`);
      await page.getByRole('button', { name: 'Verify…' }).click();
      await page.getByRole('dialog').getByRole('button', { name: 'Verify', exact: true }).click();
      await page
        .getByText(/differ from their rows/)
        .first()
        .waitFor();
    });

    it('says of a tenant that is not there that it is not, and shows one that has come', async () => {
      await page.goto(`${origin}/backstory#/@stranger`);
      await page.getByText('There is no tenant "stranger" here.').waitFor();
      faults.splice(0); // the browser logs the answer
      named = ['acme', 'globex', 'stranger'];
      await page.goto(`${origin}/backstory#/tenants`);
      await rows().filter({ hasText: 'stranger' }).getByText('It has no history yet.').waitFor();
      await page.getByRole('link', { name: 'stranger' }).click();
      await page.getByRole('table', { name: 'Aggregates' }).getByText('stranger.invoice').waitFor();
    });

    it('fits a phone', async () => {
      await page.setViewportSize({ width: 390, height: 844 });
      for (const hash of ['#/tenants', '#/@acme', '#/@acme/aggregate/invoice']) {
        await page.goto(`${origin}/backstory${hash}`);
        await page.getByRole('table').first().waitFor();
        expect(await sidewaysScroll(page)).toBe(0);
        expect(await violations(page)).toEqual([]);
      }
    });
  });
});

describe('the dashboard of an application with tenants and entities of all of them', () => {
  it('shows both', async () => {
    const app = await start(
      BackstoryModule.forRoot({ aggregates: ['Currency'] }),
      BackstoryTenantsModule.forRoot({ tenants: ['acme'] }),
    );
    const server = app.getHttpServer();
    const names = async (query: string): Promise<string[]> =>
      (await request(server).get(`/backstory/api/overview${query}`).expect(200)).body.aggregates.map(
        ({ name }: { name: string }) => name,
      );
    expect([await names(''), await names('?tenant=acme')]).toEqual([['currency'], ['invoice']]);
    const { text } = await request(server).get('/backstory').expect(200);
    expect(text).toContain('data-own data-tenants');
    await app.close();
  });
});
