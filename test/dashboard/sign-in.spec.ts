import {
  BackstoryDashboardModule,
  type BackstoryDashboardModuleOptions,
  BackstoryModule,
  basicAuthentication,
  sharedSecret,
} from '@backstory/nest-module';
import { createTestDatabase, type TestDatabase } from '@backstory/test/postgres';
import { type INestApplication, Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import { TypeOrmModule } from '@nestjs/typeorm';
import axe from 'axe-core';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import request from 'supertest';
import { Column, Entity, PrimaryGeneratedColumn } from 'typeorm';
import { describeInBrowser, launchBrowser, watchPage } from './browser.js';

@Entity()
class Account {
  @PrimaryGeneratedColumn()
  id: number;

  @Column({ type: 'text' })
  name: string;
}

const secret = 'correct horse battery';

let database: TestDatabase;
let app: INestApplication<Server>;

beforeAll(async () => {
  database = await createTestDatabase();
});

afterEach(() => app.close());
afterAll(() => database.drop());

async function open(
  platform: 'express' | 'fastify',
  options: BackstoryDashboardModuleOptions,
): Promise<void> {
  @Module({
    imports: [
      TypeOrmModule.forRoot({ type: 'postgres', url: database.url, entities: [Account], synchronize: true }),
      BackstoryModule.forRoot({ aggregates: [Account] }),
      BackstoryDashboardModule.forRoot(options),
    ],
  })
  class Application {}
  app =
    platform === 'fastify'
      ? await NestFactory.create(Application, new FastifyAdapter(), { logger: false })
      : await NestFactory.create(Application, { logger: false });
  await app.listen(0, '127.0.0.1');
}

describe.each(['express', 'fastify'] as const)('who comes to the dashboard on %s', (platform) => {
  const get = (path = '') => request(app.getHttpServer()).get(`/backstory${path}`);
  const signIn = (given: unknown) =>
    request(app.getHttpServer()).post('/backstory').type('form').send({ secret: given });

  it('is refused with a page where a guard returns false and a browser asks, else with JSON', async () => {
    await open(platform, { guards: [{ canActivate: () => false }] });
    const page = await get().set('accept', 'text/html,application/xhtml+xml');
    expect([page.status, page.headers['content-type']]).toEqual([403, 'text/html; charset=utf-8']);
    expect(page.text).toContain('You may not see this page.');
    expect(page.headers['content-security-policy']).toContain("default-src 'none'");
    expect(page.headers['cache-control']).toBe('no-store');
    const data = await get('/api/overview').set('accept', 'application/json');
    expect([data.status, data.body.message]).toEqual([403, 'Forbidden resource']);
  });

  it('is asked for a name and a password by Basic authentication', async () => {
    await open(platform, { guards: [basicAuthentication({ user: 'ops', password: secret })] });
    const asked = await get();
    expect([asked.status, asked.headers['www-authenticate']]).toEqual([
      401,
      'Basic realm="Backstory dashboard", charset="UTF-8"',
    ]);
    expect((await get().auth('ops', secret)).status).toBe(200);
    expect((await get('/api/overview').auth('ops', secret)).status).toBe(200);
    for (const [user, password] of [
      ['ops', 'wrong'],
      ['backstory', secret],
      ['ops', ''],
    ] as const)
      expect((await get().auth(user, password)).status).toBe(401);
    expect((await get().set('authorization', `Bearer ${secret}`)).status).toBe(401);
    // no change without the header of its own page, whoever it is
    const change = request(app.getHttpServer()).post('/backstory/api/verify').send({ aggregate: 'account' });
    expect((await change.auth('ops', secret)).status).toBe(403);
  });

  it('waits ever longer after wrong ones, and is not looked at where too many come at once', async () => {
    await open(platform, { guards: [basicAuthentication({ password: secret })] });
    const times: number[] = [];
    for (let attempt = 0; attempt < 3; attempt++) {
      const begun = Date.now();
      await get().auth('backstory', 'wrong');
      times.push(Date.now() - begun);
    }
    expect(times[0]).toBeGreaterThanOrEqual(99);
    expect(times[2]).toBeGreaterThanOrEqual(399);
    const waiting = Array.from({ length: 3 }, async () => (await get().auth('backstory', 'wrong')).status);
    await new Promise((resolve) => setTimeout(resolve, 300));
    expect((await get().auth('backstory', secret)).status).toBe(429);
    expect(await Promise.all(waiting)).toEqual([401, 401, 401]);
    expect((await get().auth('backstory', secret)).status).toBe(200);
  });

  it('is shown a form, and stays signed in by a cookie that no script and no other site can use', async () => {
    await open(platform, { guards: [sharedSecret({ secret })] });
    const asked = await get();
    expect(asked.status).toBe(401);
    expect(asked.text).toContain('<form method="post" action="">');
    expect(asked.headers['content-security-policy']).toContain("form-action 'self'");
    expect((await get('/assets/dashboard.js')).status).toBe(401);
    expect((await get('/api/overview')).body).toEqual({
      statusCode: 401,
      message: 'Sign in on the page of the dashboard.',
    });
    for (const wrong of ['wrong', '', undefined, ['x', secret], { toString: secret }]) {
      const refused = await signIn(wrong);
      expect([refused.status, refused.headers['set-cookie']]).toEqual([401, undefined]);
    }
    expect((await signIn(secret).set('sec-fetch-site', 'cross-site')).status).toBe(403);
    const done = await signIn(secret);
    expect([done.status, done.headers.location]).toEqual([303, 'backstory']);
    const [cookie = ''] = done.headers['set-cookie'] as unknown as string[];
    expect(cookie).toMatch(
      /^backstory_dashboard=\d+\.[\w-]{43}; Path=\/; Max-Age=43200; HttpOnly; SameSite=Strict; Secure$/,
    );
    expect(cookie).not.toContain(secret);
    const [value = ''] = cookie.split(';');
    expect((await get().set('cookie', value)).status).toBe(200);
    expect((await get('/api/overview').set('cookie', `other=1; ${value}`)).status).toBe(200);
    const [until = '', signature = ''] = value.replace('backstory_dashboard=', '').split('.');
    for (const forged of [`${Number(until) + 1}.${signature}`, `${until}.`, `1.${signature}`, until])
      expect((await get().set('cookie', `backstory_dashboard=${forged}`)).status).toBe(401);
  });

  it('is signed out when the time is over, and by another secret', async () => {
    await open(platform, { guards: [sharedSecret({ secret, hours: 1 / 3600, secure: false })] });
    const [cookie = ''] = (await signIn(secret)).headers['set-cookie'] as unknown as string[];
    expect(cookie).toMatch(/; Max-Age=1; HttpOnly; SameSite=Strict$/);
    const [value = ''] = cookie.split(';');
    expect((await get().set('cookie', value)).status).toBe(200);
    await new Promise((resolve) => setTimeout(resolve, 1_100));
    expect((await get().set('cookie', value)).status).toBe(401);
    await app.close();
    await open(platform, { guards: [sharedSecret({ secret, hours: 2 })] });
    const [lasting = ''] = (await signIn(secret)).headers['set-cookie'] as unknown as string[];
    await app.close();
    await open(platform, { guards: [sharedSecret({ secret: 'another long secret' })] });
    expect((await get().set('cookie', lasting.split(';')[0] ?? '')).status).toBe(401);
  });

  it('has nothing to sign in to without such a guard', async () => {
    await open(platform, { authorize: () => true, allowChanges: true });
    expect((await signIn(secret)).status).toBe(403);
    expect((await signIn(secret).set('x-backstory-dashboard', '1')).status).toBe(404);
    for (const wrong of [undefined, '', 'short']) {
      expect(() => sharedSecret({ secret: wrong as string })).toThrow(/secret of the dashboard's guard/);
      expect(() => basicAuthentication({ password: wrong as string })).toThrow(/password of the/);
    }
    expect(() => sharedSecret({ secret, hours: 0 })).toThrow('hours: 0');
  });
});

describeInBrowser('in a browser', () => {
  it.each([
    { theme: 'light', viewport: { width: 1440, height: 900 } },
    { theme: 'dark', viewport: { width: 390, height: 844 } },
  ] as const)('the form lets in, in $theme', async ({ theme, viewport }) => {
    await open('express', { guards: [sharedSecret({ secret })] });
    const { port } = app.getHttpServer().address() as AddressInfo;
    const browser = await launchBrowser();
    try {
      const page = await (await browser.newContext({ colorScheme: theme, viewport })).newPage();
      const faults = await watchPage(page, `http://localhost:${port}`);
      await page.goto(`http://localhost:${port}/backstory`);
      await page.getByLabel('Secret').fill('wrong');
      await page.getByRole('button', { name: 'Sign in' }).click();
      await page.getByText('That is not the secret.').waitFor();
      // as text, which the page's policy does not concern
      await page.evaluate(axe.source);
      expect(
        await page.evaluate(`axe.run(document).then(({ violations }) => violations.map(({ id }) => id))`),
      ).toEqual([]);
      await page.getByLabel('Secret').fill(secret);
      await page.getByLabel('Secret').press('Enter');
      await page.getByRole('table', { name: 'Aggregates' }).waitFor();
      expect(await page.evaluate('document.cookie')).toBe('');
      // each answer 401 is noted by the browser, and nothing else
      expect(faults.filter((fault) => !fault.includes('401'))).toEqual([]);
    } finally {
      await browser.close();
    }
  });
});
